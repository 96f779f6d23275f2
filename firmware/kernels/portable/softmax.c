/* Softmax over the last dimension, in fixed point: exp(x - max) / sum of exp(x - max). */
#include "softmax.h"

#include "fixed_exponential.h"

/* exp(difference * beta * input scale) as Q0.31, difference in [minimum_difference, 0]. */
static int32_t exp_of_difference(const qmcu_softmax_params *p, int32_t difference)
{
    return exp_of_negative(qmcu_requantize(difference, p->multiplier, p->shift));
}

static void softmax_row(const qmcu_softmax_params *p, const int8_t *input, int8_t *output)
{
    int32_t largest = INT8_MIN;
    for (int32_t i = 0; i < p->depth; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    int32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t difference = input[i] - largest;
        if (difference >= p->minimum_difference) {
            sum += qmcu_rounding_divide(exp_of_difference(p, difference), 12);
        }
    }
    int32_t headroom = 0; /* leading zeros of the sum: at least 1, the sign */
    while (((uint32_t)sum << headroom & 0x80000000u) == 0u) {
        ++headroom;
    }
    const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) - 0x80000000u);
    const int32_t reciprocal = reciprocal_of_one_plus(fraction);
    /* Above 31, with 512 and more nearly equal inputs, every probability rounds to 0. */
    const int32_t exponent = 12 - headroom + 31 - 8;
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t difference = input[i] - largest;
        int32_t probability = 0;
        if (difference >= p->minimum_difference && exponent <= 31) {
            const int32_t e = exp_of_difference(p, difference);
            probability = qmcu_rounding_divide(HIGH_MULTIPLY(reciprocal, e), exponent);
        }
        output[i] = qmcu_clamp_s8(probability + INT8_MIN, INT8_MIN, INT8_MAX);
    }
}

void qmcu_softmax(const qmcu_softmax_params *params, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < params->rows; ++row) {
        softmax_row(params, input, output);
        input += params->depth;
        output += params->depth;
    }
}
