/* In assembly, since the compiler does not find the one assignment of the 14 registers that needs
   no spill: 18 instructions for 16 products. */
#include "dot_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* r0 columns, r1 weights, r2 steps; r4 to r7 sums. Four steps a round, then the rest. */
#define QMCU_DOT(STEP)             \
    __asm("push {r3-r11, lr}\n\t"  \
          "ldm r3, {r4-r7}\n\t"    \
          "subs r2, r2, #4\n\t"    \
          "blt 2f\n\t"             \
          "1:\n\t" STEP STEP STEP STEP \
          "subs r2, r2, #4\n\t"    \
          "bge 1b\n\t"             \
          "2: adds r2, r2, #4\n\t" \
          "beq 4f\n\t"             \
          "3:\n\t" STEP            \
          "subs r2, r2, #1\n\t"    \
          "bne 3b\n\t"             \
          "4: ldr r3, [sp]\n\t"    \
          "stm r3, {r4-r7}\n\t"    \
          "pop {r3-r11, pc}")

__attribute__((naked)) void qmcu_dot_4x1_s8(const uint32_t *column, const int8_t *weights,
                                            uint32_t steps, int32_t *sums)
{
    QMCU_DOT("ldrd r8, r9, [r0], #8\n\t"
             "ldm r1!, {r3, r10, r11, r12}\n\t"
             "sxtb16 lr, r3\n\t"
             "smlad r4, lr, r8, r4\n\t"
             "sxtb16 r3, r3, ror #8\n\t"
             "smlad r4, r3, r9, r4\n\t"
             "sxtb16 lr, r10\n\t"
             "smlad r5, lr, r8, r5\n\t"
             "sxtb16 r10, r10, ror #8\n\t"
             "smlad r5, r10, r9, r5\n\t"
             "sxtb16 lr, r11\n\t"
             "smlad r6, lr, r8, r6\n\t"
             "sxtb16 r11, r11, ror #8\n\t"
             "smlad r6, r11, r9, r6\n\t"
             "sxtb16 lr, r12\n\t"
             "smlad r7, lr, r8, r7\n\t"
             "sxtb16 r12, r12, ror #8\n\t"
             "smlad r7, r12, r9, r7\n\t");
}
