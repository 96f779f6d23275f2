/* The logarithm of softmax over the last dimension, in fixed point: x - max - log(sum of exp(x - max)).

   log(z) for z = r * 2^n, r from 2^-1/2 to 2^1/2 around 2^-1/4, is n * log(2) and a quotient of
   polynomials in r: the approximation of the interpreter, step by step. */
#include "log_softmax.h"

#include "fixed_exponential.h"

/* a * 2^exponent, saturated to int32. */
static int32_t saturating_shift(int32_t a, int32_t exponent)
{
    const int32_t limit = (int32_t)((1u << (31 - exponent)) - 1u);
    if (a > limit) {
        return INT32_MAX;
    }
    if (a < -limit - 1) {
        return INT32_MIN;
    }
    return (int32_t)((uint32_t)a << exponent);
}

/* Zeros before the highest bit: at least 1, the sign. */
static int32_t leading_zeros(int32_t value)
{
    int32_t count = 1;
    while (count < 32 && ((uint32_t)value << count & 0x80000000u) == 0u) {
        ++count;
    }
    return count;
}

/* log(sum) as Q5.26 for a sum of at least 1 as Q12.19. */
static int32_t log_of_sum(int32_t sum)
{
    const int32_t log_2 = 1488522236;
    const int32_t root_of_half = 1518500250;
    const int32_t fourth_root_of_half = 1805811301;
    const int32_t quarter = (int32_t)1 << 23; /* Q6.25 */
    const int32_t headroom_a = leading_zeros(sum);
    const int32_t normalized = HIGH_MULTIPLY(saturating_shift(sum, headroom_a - 1), root_of_half);
    const int32_t r_a = saturating_shift(normalized, 1);
    const int32_t power_a = (12 - headroom_a) * (1 << 25) + quarter;
    const int32_t headroom_b = leading_zeros(HIGH_MULTIPLY(sum, root_of_half)) - 1;
    const int32_t r_b = saturating_shift(sum, headroom_b);
    const int32_t power_b = (12 - headroom_b) * (1 << 25) - quarter;
    const int32_t r = r_a < r_b ? r_a : r_b;
    const int32_t power = power_a > power_b ? power_a : power_b;
    /* Half the sum rounds ties away from zero; both are positive. */
    const int32_t p = (int32_t)(((int64_t)r + fourth_root_of_half + 1) / 2);
    const int32_t q = (r - fourth_root_of_half) * 2;
    const int32_t square = HIGH_MULTIPLY(q, q);
    const int32_t numerator =
        HIGH_MULTIPLY(q, r) + HIGH_MULTIPLY(HIGH_MULTIPLY(q, square), 117049297);
    const int32_t denominator =
        HIGH_MULTIPLY(p, 1057819769 + q + HIGH_MULTIPLY(127690142, square)) +
        HIGH_MULTIPLY(638450708, q);
    const int32_t fraction =
        HIGH_MULTIPLY(qmcu_rounding_divide(numerator, 6), reciprocal_of_one_plus(denominator));
    return saturating_shift(HIGH_MULTIPLY(power, log_2) + fraction, 1);
}

static void log_softmax_row(const qmcu_log_softmax_params *p, const int8_t *input, int8_t *output)
{
    int32_t largest = INT8_MIN;
    for (int32_t i = 0; i < p->depth; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    int32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t difference = input[i] - largest;
        if (difference >= p->minimum_difference) {
            const int32_t scaled = qmcu_requantize(difference, p->multiplier, p->shift);
            sum += qmcu_rounding_divide(exp_of_negative(scaled), 12);
        }
    }
    const int32_t log_sum = log_of_sum(sum);
    /* Below 0 by its own error, the logarithm wraps around here, as the interpreter's does. */
    const int32_t lowest = (int32_t)((uint32_t)log_sum + 0x80000000u);
    int32_t least = qmcu_requantize(lowest, p->reverse_multiplier, p->reverse_shift);
    least = least > p->minimum_difference - 1 ? least : p->minimum_difference - 1;
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t difference = input[i] - largest;
        int32_t result = INT8_MIN;
        if (difference > least) {
            const int32_t scaled = qmcu_requantize(difference, p->multiplier, p->shift);
            result = qmcu_rounding_divide(scaled - log_sum, 22) + INT8_MAX;
        }
        output[i] = qmcu_clamp_s8(result, INT8_MIN, INT8_MAX);
    }
}

void qmcu_log_softmax(const qmcu_log_softmax_params *params, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < params->rows; ++row) {
        log_softmax_row(params, input, output);
        input += params->depth;
        output += params->depth;
    }
}
