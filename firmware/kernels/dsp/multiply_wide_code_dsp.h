/* 2 filters x 2 columns, weights as halfwords: 20 instructions for 32 products; sums come doubled.
 */
#ifndef QMCU_MULTIPLY_WIDE_CODE_DSP_H
#define QMCU_MULTIPLY_WIDE_CODE_DSP_H

#include "multiply_code_dsp.h"

/* r4, r5 filter 1, columns 0 and 1; r6, r7 filter 0. */
#define QMCU_FOUR                    \
    "ldm r0!, {r8-r11}\n\t"          \
    "ldm r1!, {r2, r3, r12, lr}\n\t" \
    "smlad r6, r8, r2, r6\n\t"       \
    "smlad r7, r10, r2, r7\n\t"      \
    "smlad r4, r8, r12, r4\n\t"      \
    "smlad r5, r10, r12, r5\n\t"     \
    "smlad r6, r9, r3, r6\n\t"       \
    "smlad r7, r11, r3, r7\n\t"      \
    "smlad r4, r9, lr, r4\n\t"       \
    "smlad r5, r11, lr, r5\n\t"
#define QMCU_WIDE_STEP QMCU_FOUR QMCU_FOUR

#endif
