#include "multiply_pair_steep_dsp.h"

#include "multiply_pair_code_dsp.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

__attribute__((naked)) void qmcu_multiply_pair_steep_dsp(const qmcu_multiply_run *run,
                                                         const int16_t *weights)
{
    QMCU_MULTIPLY_RUN(QMCU_PAIR_STEP, QMCU_PAIR_SUMS, QMCU_RUN_OUTPUT_STEEP);
}
