#include "multiply_four_steep_dsp.h"

#include "multiply_four_code_dsp.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

__attribute__((naked)) void qmcu_multiply_four_steep_dsp(const qmcu_four_run *run,
                                                         const int32_t *filters)
{
    QMCU_MULTIPLY_FOUR(QMCU_RUN_OUTPUT_STEEP);
}

__attribute__((naked)) void qmcu_multiply_one_steep_dsp(const qmcu_four_run *run,
                                                        const int32_t *filters)
{
    QMCU_MULTIPLY_ONE(QMCU_RUN_OUTPUT_STEEP);
}
