/* Four filters of int8 times a column of int16: 19 instructions for 16 products. */
#include "quads_s16_dsp.h"

#include "dsp.h"
#include "rounds_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define STEP               \
    "ldr r8, [r0], #4\n\t" \
    "ldr r9, [r0], #4\n\t" \
    "ldm r1!, {r3, r10, r11, r12}\n\t" QMCU_FILTERS

__attribute__((naked)) static void dot_4(const int16_t *column, const int8_t *weights,
                                         int32_t steps, int32_t *sums)
{
    QMCU_ROUNDS(STEP);
}
#pragma GCC diagnostic pop

void qmcu_quads_s16_dsp(const qmcu_quads_s16 *quads, const int16_t *column,
                        __attribute__((unused)) const int16_t *other, const int8_t *weights,
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
