/* Four filters of int8 times a column of int16: 19 instructions for 16 products. */
#include "quads_s16_dsp.h"

#include "dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Of a filter's bytes 0 and 2 come the first two weights, of 1 and 3 the others. */
#define FILTER(WEIGHTS, SUM)                      \
    "sxtb16 lr, " WEIGHTS "\n\t"                  \
    "smlad " SUM ", lr, r8, " SUM "\n\t"          \
    "sxtb16 " WEIGHTS ", " WEIGHTS ", ror #8\n\t" \
    "smlad " SUM ", " WEIGHTS ", r9, " SUM "\n\t"
#define STEP                                                                                      \
    "ldr r8, [r0], #4\n\t"                                                                        \
    "ldr r9, [r0], #4\n\t"                                                                        \
    "ldm r1!, {r3, r10, r11, r12}\n\t" FILTER("r3", "r4") FILTER("r10", "r5") FILTER("r11", "r6") \
        FILTER("r12", "r7")

/* r0 column, r1 weights, r2 steps; r4 to r7 sums. Four steps a round, then the rest. */
__attribute__((naked)) static void dot_4(const int16_t *column, const int8_t *weights,
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
#pragma GCC diagnostic pop

void qmcu_quads_s16_dsp(const qmcu_quads_s16 *quads, const int16_t *column, const int8_t *weights,
                        const int32_t *bias, const int32_t *multipliers, int16_t *output)
{
    const int32_t steps = (quads->depth + 3) / 4;
    const int32_t minimum = quads->activation_minimum, maximum = quads->activation_maximum;
    for (int32_t left = quads->outputs; left > 0; left -= 4) {
        int32_t sums[4] = {bias[0], bias[1], bias[2], bias[3]};
        dot_4(column, weights, steps, sums);
        for (int32_t i = 0; i < 4 && i < left; ++i) {
            const int32_t value = qmcu_smmulr(sums[i], multipliers[i]);
            *output++ = (int16_t)(value < minimum ? minimum : value > maximum ? maximum : value);
        }
        weights += 16 * steps;
        bias += 4;
        multipliers += 4;
    }
}
