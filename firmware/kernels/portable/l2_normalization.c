/* Each row divided by its length: output = clamp(128 * x / sqrt(sum of x^2)),
   x = input - input_zero_point. */
#include "l2_normalization.h"

#include "inverse_sqrt.h"

void qmcu_l2_normalization(const qmcu_l2_normalization_params *params, const int8_t *input,
                           int8_t *output)
{
    const qmcu_l2_normalization_params *const p = params;
    for (int32_t row = 0; row < p->rows; ++row) {
        int32_t sum = 0;
        for (int32_t i = 0; i < p->depth; ++i) {
            const int32_t x = input[i] - p->input_zero_point;
            sum += x * x;
        }
        const qmcu_inverse_sqrt_result inverse = qmcu_inverse_sqrt(sum);
        for (int32_t i = 0; i < p->depth; ++i) {
            const int32_t x = input[i] - p->input_zero_point;
            const int32_t scaled = qmcu_requantize(x, inverse.multiplier, inverse.shift + 7);
            *output++ = qmcu_clamp_s8(scaled, INT8_MIN, INT8_MAX);
        }
        input += p->depth;
    }
}
