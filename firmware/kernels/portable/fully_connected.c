/* Matrix times vector, for each batch.

   sum[o] = bias[o] + sum over i of weights[o][i] * (input[i] - input_zero_point);
   output = clamp(requantize(sum) + output_zero_point). The zero point's share is in the bias. */
#include "fully_connected.h"

#include "accumulate.h"

void qmcu_fully_connected(const qmcu_fully_connected_params *params, const int8_t *input,
                          const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                          const int8_t *shifts, int8_t *output)
{
    const qmcu_fully_connected_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *filter = weights;
        for (int32_t channel = 0; channel < p->output_depth; ++channel) {
            const uint32_t sum = qmcu_dot((uint32_t)bias[channel], input, filter, p->input_depth);
            const int32_t r = channel * p->requantization_step;
            *output++ = qmcu_output_s8(sum, multipliers[r], shifts[r], p->output_zero_point,
                                       p->activation_minimum, p->activation_maximum);
            filter += p->input_depth;
        }
        input += p->input_depth;
    }
}
