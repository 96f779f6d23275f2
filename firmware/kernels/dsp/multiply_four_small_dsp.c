#include "multiply_four_small_dsp.h"

/* A shift takes the lowest byte of its register. The rounding, 2^(shift - 1) + (zero point << shift), is
   (2 * zero point + 1) << shift >> 1. */
#define QMCU_FOUR_SCALE      \
    "ldm r1!, {r8, r10}\n\t" \
    "asr r9, r10, #8\n\t"    \
    "lsl r9, r9, r10\n\t"    \
    "asr r9, r9, #1\n\t"

#include "multiply_four_code_dsp.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

__attribute__((naked)) void qmcu_multiply_four_small_dsp(const qmcu_four_run *run,
                                                         const int32_t *filters)
{
    QMCU_MULTIPLY_FOUR(QMCU_RUN_OUTPUT);
}

__attribute__((naked)) void qmcu_multiply_one_small_dsp(const qmcu_four_run *run,
                                                        const int32_t *filters)
{
    QMCU_MULTIPLY_ONE(QMCU_RUN_OUTPUT);
}
