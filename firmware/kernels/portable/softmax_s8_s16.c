/* Softmax over the last dimension, in fixed point, as softmax.c says, with probabilities of 16
   bits. */
#include "small.h"

#include "softmax_s8_s16.h"

#include "accumulate_s16.h"
#include "fixed_exponential.h"

/* exp(difference * beta * input scale) as Q0.31; 0 where the difference is too large. */
static int32_t exp_of_difference(const qmcu_softmax_params *p, int32_t difference)
{
    if (difference < p->minimum_difference) {
        return 0;
    }
    return exp_of_negative(qmcu_requantize(difference, p->multiplier, p->shift));
}

static void softmax_row(const qmcu_softmax_params *p, const int8_t *input, int16_t *output)
{
    int32_t largest = INT8_MIN;
    for (int32_t i = 0; i < p->depth; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    int32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < p->depth; ++i) {
        sum += qmcu_rounding_divide(exp_of_difference(p, input[i] - largest), 12);
    }
    int32_t headroom = 0; /* leading zeros of the sum: at least 1, the sign, at most 12 */
    while (((uint32_t)sum << headroom & 0x80000000u) == 0u) {
        ++headroom;
    }
    const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) - 0x80000000u);
    const int32_t reciprocal = reciprocal_of_one_plus(fraction);
    const int32_t exponent = 12 - headroom + 31 - 16;
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t e = exp_of_difference(p, input[i] - largest);
        const int32_t probability = qmcu_rounding_divide(HIGH_MULTIPLY(reciprocal, e), exponent);
        output[i] = qmcu_clamp_s16(probability + INT16_MIN, INT16_MIN, INT16_MAX);
    }
}

void qmcu_softmax_s8_s16(const qmcu_softmax_params *params, const int8_t *input, int16_t *output)
{
    for (int32_t row = 0; row < params->rows; ++row) {
        softmax_row(params, input, output);
        input += params->depth;
        output += params->depth;
    }
}
