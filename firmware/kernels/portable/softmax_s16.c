/* Softmax of int16 over the last dimension: exp(x - max) / sum of exp(x - max), both functions from
   tables of 513 entries with straight lines between them. */
#include "softmax_s16.h"

/* The table at value / 2^7. */
static inline int32_t interpolated(const int16_t *table, int32_t value)
{
    const int16_t *const entry = table + (value >> 7);
    return entry[0] + (((entry[1] - entry[0]) * (value & 0x7f) + 64) >> 7);
}

/* A difference to the largest value is never positive, so that the two roundings of its
   requantization, by a sum with 2^30 and away from zero, are one of its size:
   (size * multiplier + 2^30 - 1 + 2^(30 + right)) >> (31 + right), without the power of two if
   nothing is divided. */
typedef struct {
    uint32_t multiplier; /* twice the layer's */
    int32_t left, right;
    uint32_t half;
} scaling;

/* In steps of 10 / 65535, at most 65535. */
static inline int32_t distance(const scaling *s, int32_t largest, int32_t value)
{
    const uint32_t size = (uint32_t)(largest - value) << s->left;
    const uint32_t high = (uint32_t)(((uint64_t)size * s->multiplier + 0x7FFFFFFEu) >> 32);
    const uint32_t result = (high + s->half) >> s->right;
    return result < 65535u ? (int32_t)result : 65535;
}

static void softmax_row(const scaling *s, int32_t depth, const int16_t *input,
                        const int16_t *exponentials, const int16_t *reciprocals, int16_t *output)
{
    int32_t largest = INT16_MIN;
    for (int32_t i = 0; i < depth; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    uint32_t sum = 0; /* Q16.15, from 2^15 - 1 to below 2^31 */
    for (int32_t i = 0; i < depth; ++i) {
        const int32_t exponential =
            interpolated(exponentials, 65535 - distance(s, largest, input[i]));
        output[i] = (int16_t)exponential;
        sum += (uint32_t)exponential;
    }
    const int32_t zeros = __builtin_clz(sum);
    /* The sum as 2^16 * (1 + x); the table has x from 0 to 1. */
    const uint32_t one_and_x = ((sum << (zeros - 1)) + (1u << 13)) >> 14;
    const int32_t x = one_and_x < 0x1FFFFu ? (int32_t)one_and_x - 0x10000 : 0xFFFF;
    const int32_t reciprocal = interpolated(reciprocals, x);
    const int32_t shift = 31 - zeros, half = 1 << (shift - 1);
    for (int32_t i = 0; i < depth; ++i) {
        const int32_t quotient = (output[i] * reciprocal + half) >> shift;
        output[i] = (int16_t)(quotient < INT16_MAX ? quotient : INT16_MAX);
    }
}

void qmcu_softmax_s16(const qmcu_softmax_s16_params *params, const int16_t *input,
                      const int16_t *exponentials, const int16_t *reciprocals, int16_t *output)
{
    const int32_t left = params->shift > 0 ? params->shift : 0, right = left - params->shift;
    const uint32_t half = right > 0 ? 1u << (right - 1) : 0u;
    const scaling s = {(uint32_t)params->multiplier << 1, left, right, half};
    for (int32_t row = 0; row < params->rows; ++row) {
        softmax_row(&s, params->depth, input, exponentials, reciprocals, output);
        input += params->depth;
        output += params->depth;
    }
}
