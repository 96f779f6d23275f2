#include "dot_4_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Two sums of products of a filter's 4 bytes with r8 and r9. */
#define FILTER(WEIGHTS, SUM)                      \
    "sxtb16 lr, " WEIGHTS "\n\t"                  \
    "smlad " SUM ", lr, r8, " SUM "\n\t"          \
    "sxtb16 " WEIGHTS ", " WEIGHTS ", ror #8\n\t" \
    "smlad " SUM ", " WEIGHTS ", r9, " SUM "\n\t"
#define STEP                                                                       \
    "ldr r8, [r0], #4\n\t"                                                         \
    "ldm r1!, {r3, r10, r11, r12}\n\t"                                             \
    "sxtb16 r9, r8, ror #8\n\t"                                                    \
    "sxtb16 r8, r8\n\t" FILTER("r3", "r4") FILTER("r10", "r5") FILTER("r11", "r6") \
        FILTER("r12", "r7")

/* r0 input, r1 weights, r2 steps; r4 to r7 sums. Four steps a round, then the rest. */
__attribute__((naked)) void qmcu_dot_4_dsp(const int8_t *input, const int8_t *weights,
                                           int32_t steps, int32_t *sums)
{
    __asm("push {r3-r11, lr}\n\t"
          "ldm r3, {r4-r7}\n\t"
          "subs r2, r2, #4\n\t"
          "blt 2f\n\t"
          "1:\n\t" STEP STEP STEP STEP "subs r2, r2, #4\n\t"
          "bge 1b\n\t"
          "2: adds r2, r2, #4\n\t"
          "beq 4f\n\t"
          "3:\n\t" STEP "subs r2, r2, #1\n\t"
          "bne 3b\n\t"
          "4: ldr r3, [sp]\n\t"
          "stm r3, {r4-r7}\n\t"
          "pop {r3-r11, pc}");
}
