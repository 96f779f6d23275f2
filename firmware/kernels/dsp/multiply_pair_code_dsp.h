/* 2 filters x 2 columns. A weight halfword holds w0 + 256 * w1 exactly (unless w1 is -128 and w0
   negative), so one SMLAD does 4 products: joint += x * (w0 + 256 * w1). SXTB16 takes w0 out of it for
   sum0; sum1 is then (joint - sum0) / 256 (exact mod 2^32 while |sum1| < 2^23). 23 instructions for 32
   products. */
#ifndef QMCU_MULTIPLY_PAIR_CODE_DSP_H
#define QMCU_MULTIPLY_PAIR_CODE_DSP_H

#include "multiply_code_dsp.h"

/* r4, r5 joint sums of columns 0 and 1; r6, r7 their sum0. */
#define QMCU_QUAD(W0, W1)           \
    "ldm r0!, {r8-r11}\n\t"         \
    "smlad r4, r8, " W0 ", r4\n\t"  \
    "smlad r5, r10, " W0 ", r5\n\t" \
    "sxtb16 " W0 ", " W0 "\n\t"     \
    "smlad r6, r8, " W0 ", r6\n\t"  \
    "smlad r7, r10, " W0 ", r7\n\t" \
    "smlad r4, r9, " W1 ", r4\n\t"  \
    "smlad r5, r11, " W1 ", r5\n\t" \
    "sxtb16 " W1 ", " W1 "\n\t"     \
    "smlad r6, r9, " W1 ", r6\n\t"  \
    "smlad r7, r11, " W1 ", r7\n\t"
#define QMCU_PAIR_STEP "ldm r1!, {r2, r3, r12, lr}\n\t" QMCU_QUAD("r2", "r3") QMCU_QUAD("r12", "lr")
/* sum1 = (joint - sum0) / 256; all are doubled. */
#define QMCU_PAIR_SUMS    \
    "subs r4, r4, r6\n\t" \
    "subs r5, r5, r7\n\t" \
    "asrs r4, r4, #7\n\t" \
    "asrs r5, r5, #7\n\t" \
    "lsls r6, r6, #1\n\t" \
    "lsls r7, r7, #1\n\t"

#endif
