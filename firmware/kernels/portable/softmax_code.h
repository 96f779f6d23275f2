/* Softmax over the last dimension, in fixed point: exp(x - max) / sum of exp(x - max). */
#ifndef QMCU_SOFTMAX_CODE_H
#define QMCU_SOFTMAX_CODE_H

#include "softmax.h"
#include "softmax_reciprocal.h"

/* exp(difference * beta * input scale) as Q0.31, for differences in [minimum_difference, 0]. */
typedef int32_t qmcu_softmax_exponential(const qmcu_softmax_params *p, int32_t difference);

static inline __attribute__((always_inline)) void softmax_row(const qmcu_softmax_params *p,
                                                              const int8_t *input, int8_t *output,
                                                              qmcu_softmax_exponential *exponential)
{
    int32_t largest = INT8_MIN;
    for (int32_t i = 0; i < p->depth; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    int32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t difference = input[i] - largest;
        if (difference >= p->minimum_difference) {
            sum += qmcu_rounding_divide(exponential(p, difference), 12);
        }
    }
    const qmcu_softmax_reciprocal r = qmcu_softmax_reciprocal_of(sum);
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t difference = input[i] - largest;
        int32_t probability = 0;
        if (difference >= p->minimum_difference && r.exponent <= 31) {
            const int32_t e = exponential(p, difference);
            probability = qmcu_rounding_divide(HIGH_MULTIPLY(r.mantissa, e), r.exponent);
        }
        output[i] = qmcu_clamp_s8(probability + INT8_MIN, INT8_MIN, INT8_MAX);
    }
}

static inline __attribute__((always_inline)) void
qmcu_softmax_by(const qmcu_softmax_params *params, const int8_t *input, int8_t *output,
                qmcu_softmax_exponential *exponential)
{
    for (int32_t row = 0; row < params->rows; ++row) {
        softmax_row(params, input, output, exponential);
        input += params->depth;
        output += params->depth;
    }
}

#endif
