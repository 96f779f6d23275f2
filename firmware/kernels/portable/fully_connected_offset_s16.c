/* Matrix of int8 with a zero point times vector of int16, for each batch.

   sum[o] = bias[o] + sum over i of (weights[o][i] - weights_zero_point) * input[i];
   output = clamp(requantize(sum)). */
#include "fully_connected_offset_s16.h"

#include "accumulate_s16.h"

void qmcu_fully_connected_offset_s16(const qmcu_fully_connected_offset_s16_params *params,
                                     const int16_t *input, const int8_t *weights,
                                     const int64_t *bias, const int32_t *multipliers,
                                     const int8_t *shifts, int16_t *output)
{
    const qmcu_fully_connected_offset_s16_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *filter = weights;
        for (int32_t channel = 0; channel < p->output_depth; ++channel) {
            int64_t sum = bias[channel];
            for (int32_t i = 0; i < p->input_depth; ++i) {
                sum += (*filter++ - p->weights_zero_point) * input[i];
            }
            const int32_t r = channel * p->requantization_step;
            *output++ = qmcu_output_s16(sum, multipliers[r], shifts[r], p->wide,
                                        p->activation_minimum, p->activation_maximum);
        }
        input += p->input_depth;
    }
}
