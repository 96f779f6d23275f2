#include "multiply_sums_dsp.h"

#include "rounds_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* r0 columns, r1 weights, r2 steps left, r4 to r7 sums; 14 instructions for 16 products. */
#define STEP                      \
    "ldm r0!, {r8-r11}\n\t"       \
    "ldrd r3, r12, [r1], #8\n\t"  \
    "sxtb16 lr, r3\n\t"           \
    "smlad r4, lr, r8, r4\n\t"    \
    "smlad r5, lr, r10, r5\n\t"   \
    "sxtb16 r3, r3, ror #8\n\t"   \
    "smlad r4, r3, r9, r4\n\t"    \
    "smlad r5, r3, r11, r5\n\t"   \
    "sxtb16 lr, r12\n\t"          \
    "smlad r6, lr, r8, r6\n\t"    \
    "smlad r7, lr, r10, r7\n\t"   \
    "sxtb16 r12, r12, ror #8\n\t" \
    "smlad r6, r12, r9, r6\n\t"   \
    "smlad r7, r12, r11, r7\n\t"

__attribute__((naked)) void qmcu_multiply_sums_dsp(const uint32_t *columns, const int8_t *weights,
                                                   int32_t steps, int32_t *sums)
{
    QMCU_ROUNDS(STEP);
}
