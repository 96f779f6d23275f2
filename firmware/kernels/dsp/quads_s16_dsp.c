/* Four filters of int8 times a column of int16: 19 instructions for 16 products. The one to three
   filters behind the last four are multiplied together, 7, 12 or 17 instructions for 4, 8 or 12. */
#include "regions.h"

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

static inline int16_t output_of(const qmcu_quads_s16 *quads, int32_t sum, int32_t multiplier)
{
    const int32_t minimum = quads->activation_minimum, maximum = quads->activation_maximum;
    const int32_t value = qmcu_smmulr(sum, multiplier);
    return (int16_t)(value < minimum ? minimum : value > maximum ? maximum : value);
}

/* The outputs of up to four sums. */
static inline void store(const qmcu_quads_s16 *quads, const int32_t sums[4],
                         const int32_t *multipliers, int16_t *output, int32_t left)
{
    if (left >= 4) {
        output[0] = output_of(quads, sums[0], multipliers[0]);
        output[1] = output_of(quads, sums[1], multipliers[1]);
        output[2] = output_of(quads, sums[2], multipliers[2]);
        output[3] = output_of(quads, sums[3], multipliers[3]);
        return;
    }
    for (int32_t i = 0; i < left; ++i) {
        output[i] = output_of(quads, sums[i], multipliers[i]);
    }
}

/* Adds the products of a step's four weights, as bytes 0, 2, 1 and 3, with four values. */
static inline int32_t step(int32_t sum, const int8_t *weights, uint32_t low, uint32_t high)
{
    const uint32_t four = qmcu_load_word(weights);
    sum = qmcu_smlad(qmcu_sxtb16(four), low, sum);
    return qmcu_smlad(qmcu_sxtb16_odd(four), high, sum);
}

/* The sums of one to three filters. */
static inline __attribute__((always_inline)) void
few(const int16_t *column, const int8_t *weights, int32_t steps, int32_t beside, int32_t sums[4])
{
    int32_t first = sums[0], second = sums[1], third = sums[2];
    const int16_t *const end = column + 4 * steps;
    while (column != end) {
        const uint32_t low = qmcu_load_word(column), high = qmcu_load_word(column + 2);
        column += 4;
        first = step(first, weights, low, high);
        if (beside > 1) {
            second = step(second, weights + 4, low, high);
        }
        if (beside > 2) {
            third = step(third, weights + 8, low, high);
        }
        weights += 4 * beside;
    }
    sums[0] = first;
    sums[1] = second;
    sums[2] = third;
}

/* Adds the products of two more values with two weights of each of four filters. */
static inline void last_two(const int16_t *column, const int8_t *weights, int32_t sums[4])
{
    const uint32_t two = qmcu_load_word(column);
    for (int32_t i = 0; i < 4; i += 2) {
        const uint32_t both = qmcu_load_word(weights + 2 * i);
        sums[i] = qmcu_smlad(qmcu_sxtb16(both), two, sums[i]);
        sums[i + 1] = qmcu_smlad(qmcu_sxtb16_odd(both), two, sums[i + 1]);
    }
}

/* Of filters filled up to fours of values, or, `even`, to twos: `steps` of four values and, where
   `half`, two more. */
static inline __attribute__((always_inline)) void
quads_by(const qmcu_quads_s16 *quads, const int16_t *column, const int8_t *weights,
         const int32_t *bias, const int32_t *multipliers, int16_t *output, int32_t even)
{
    const int32_t steps = (quads->depth + (even ? 1 : 3)) / 4;
    const int32_t half = even && (quads->depth + 1) / 2 % 2;
    const int16_t *const last = column + 4 * steps;
    int32_t left = quads->outputs;
    for (; left >= 4; left -= 4) {
        int32_t sums[4] = {bias[0], bias[1], bias[2], bias[3]};
        dot_4(column, weights, steps, sums);
        weights += 16 * steps;
        if (half) {
            last_two(last, weights, sums);
            weights += 8;
        }
        store(quads, sums, multipliers, output, 4);
        bias += 4;
        multipliers += 4;
        output += 4;
    }
    if (left == 0) {
        return;
    }
    int32_t sums[4] = {bias[0], bias[left / 2], bias[left - 1], 0};
    if (left == 3) {
        few(column, weights, steps, 3, sums);
    } else if (left == 2) {
        few(column, weights, steps, 2, sums);
    } else {
        few(column, weights, steps, 1, sums);
    }
    weights += 4 * left * steps;
    for (int32_t i = 0; half && i < left; ++i) {
        sums[i] += last[0] * weights[2 * i] + last[1] * weights[2 * i + 1];
    }
    store(quads, sums, multipliers, output, left);
}

void qmcu_quads_s16_dsp(const qmcu_quads_s16 *quads, const int16_t *column,
                        __attribute__((unused)) const int16_t *other, const int8_t *weights,
                        const int32_t *bias, const int32_t *multipliers, int16_t *output)
{
    quads_by(quads, column, weights, bias, multipliers, output, 0);
}

void qmcu_quads_even_s16_dsp(const qmcu_quads_s16 *quads, const int16_t *column,
                             __attribute__((unused)) const int16_t *other, const int8_t *weights,
                             const int32_t *bias, const int32_t *multipliers, int16_t *output)
{
    quads_by(quads, column, weights, bias, multipliers, output, 1);
}

void qmcu_runs_s16_dsp(const qmcu_quads_s16 *quads, const qmcu_runs_s16 *runs, const int16_t *image,
                       const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                       int16_t *output)
{
    for (int32_t left = quads->outputs; left > 0; left -= 4) {
        int32_t sums[4] = {bias[0], bias[1], bias[2], bias[3]};
        const int8_t *filters = weights + 4 * runs->filter_first;
        const int16_t *values = image;
        for (int32_t row = runs->rows; row > 0; --row) {
            dot_4(values, filters, runs->length / 4, sums);
            values += runs->image_row;
            filters += 4 * runs->filter_row;
        }
        store(quads, sums, multipliers, output, left);
        weights += 4 * runs->depth;
        bias += 4;
        multipliers += 4;
        output += 4;
    }
}
