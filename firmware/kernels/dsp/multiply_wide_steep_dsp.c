#include "multiply_wide_steep_dsp.h"

#include "multiply_wide_code_dsp.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

__attribute__((naked)) void qmcu_multiply_wide_steep_dsp(const qmcu_multiply_run *run,
                                                         const int16_t *weights)
{
    QMCU_MULTIPLY_RUN(QMCU_WIDE_STEP, "", QMCU_RUN_OUTPUT_STEEP);
}
