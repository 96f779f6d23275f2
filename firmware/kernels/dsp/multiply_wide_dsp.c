/* 2 filters x 2 columns, weights as halfwords: 20 instructions for 32 products; sums come doubled.
 */
#include "multiply_wide_dsp.h"

#include "multiply_code_dsp.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

/* r4, r5 filter 1, columns 0 and 1; r6, r7 filter 0. */
#define FOUR                           \
    "ldm r0!, {r8-r11}\n\t"            \
    "ldm r1!, {r2, r3, r12, lr}\n\t"   \
    "smlad r6, r8, r2, r6\n\t"         \
    "smlad r7, r10, r2, r7\n\t"        \
    "smlad r4, r8, r12, r4\n\t"        \
    "smlad r5, r10, r12, r5\n\t"       \
    "smlad r6, r9, r3, r6\n\t"         \
    "smlad r7, r11, r3, r7\n\t"        \
    "smlad r4, r9, lr, r4\n\t"         \
    "smlad r5, r11, lr, r5\n\t"
#define STEP FOUR FOUR

__attribute__((naked)) void qmcu_multiply_wide_dsp(
    const qmcu_multiply_run *run, const int16_t *weights)
{
    QMCU_MULTIPLY_RUN(STEP, "");
}
