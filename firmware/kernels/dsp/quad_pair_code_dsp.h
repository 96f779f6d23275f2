/* 4 filters x 8 values of one input, straight from bytes: 31 instructions for 32 products. Weights are
   in pairs, halfwords w0 + 256 * w1, as multiply_pair_code_dsp.h says. */
#ifndef QMCU_QUAD_PAIR_CODE_DSP_H
#define QMCU_QUAD_PAIR_CODE_DSP_H

#define QMCU_QUAD_STEP_CODE 124 /* bytes */
/* Words of weights: two values of both pairs, then the next two. r4 and r6 are joint sums, r5 and r7
   those of each pair's first filter. */
#define QMCU_QUAD_HALF(X0, X1)       \
    "ldm r1!, {r2, r3, r12, lr}\n\t" \
    "smlad r4, " X0 ", r2, r4\n\t"   \
    "sxtb16 r2, r2\n\t"              \
    "smlad r5, " X0 ", r2, r5\n\t"   \
    "smlad r6, " X0 ", r3, r6\n\t"   \
    "sxtb16 r3, r3\n\t"              \
    "smlad r7, " X0 ", r3, r7\n\t"   \
    "smlad r4, " X1 ", r12, r4\n\t"  \
    "sxtb16 r12, r12\n\t"            \
    "smlad r5, " X1 ", r12, r5\n\t"  \
    "smlad r6, " X1 ", lr, r6\n\t"   \
    "sxtb16 lr, lr\n\t"              \
    "smlad r7, " X1 ", lr, r7\n\t"
#define QMCU_QUAD_STEP            \
    "ldm.w r0!, {r8, r10}\n\t"    \
    "sxtb16 r9, r8, ror #8\n\t"   \
    "sxtb16 r8, r8\n\t"           \
    "sxtb16 r11, r10, ror #8\n\t" \
    "sxtb16 r10, r10\n\t" QMCU_QUAD_HALF("r8", "r9") QMCU_QUAD_HALF("r10", "r11")

/* What stands before the last QUAD_HALF_CODE bytes of a step: then these do 4 values. */
#define QMCU_QUAD_HALF_CODE 52
#define QMCU_QUAD_FOUR            \
    "ldr r10, [r0], #4\n\t"       \
    "sxtb16 r11, r10, ror #8\n\t" \
    "sxtb16 r10, r10\n\t"

#endif
