#include "multiply_four_dsp.h"

#include "multiply_four_code_dsp.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

__attribute__((naked)) void qmcu_multiply_four_dsp(const qmcu_four_run *run, const int32_t *filters)
{
    QMCU_MULTIPLY_FOUR(QMCU_RUN_OUTPUT);
}

__attribute__((naked)) void qmcu_multiply_one_dsp(const qmcu_four_run *run, const int32_t *filters)
{
    QMCU_MULTIPLY_ONE(QMCU_RUN_OUTPUT);
}
