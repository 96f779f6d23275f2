/* Matrix times vector, for each batch, of weights that have a zero point.

   sum[o] = bias[o] + sum over i of (weights[o][i] - weights_zero_point) *
            (input[i] - input_zero_point);
   output = clamp(requantize(sum) + output_zero_point). */
#include "fully_connected_offset.h"

#include "accumulate.h"

void qmcu_fully_connected_offset(const qmcu_fully_connected_offset_params *params,
                                 const int8_t *input, const int8_t *weights, const int32_t *bias,
                                 const int32_t *multipliers, const int8_t *shifts, int8_t *output)
{
    const qmcu_fully_connected_offset_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *filter = weights;
        for (int32_t channel = 0; channel < p->output_depth; ++channel) {
            uint32_t sum = (uint32_t)bias[channel]; /* modulo 2^32 */
            for (int32_t i = 0; i < p->input_depth; ++i) {
                const int32_t weight = *filter++ - p->weights_zero_point;
                sum += (uint32_t)(weight * (input[i] - p->input_zero_point));
            }
            *output++ = qmcu_output_s8(sum, multipliers[0], shifts[0], p->output_zero_point,
                                       p->activation_minimum, p->activation_maximum);
        }
        input += p->input_depth;
    }
}
