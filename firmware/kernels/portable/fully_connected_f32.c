/* Matrix times vector of real numbers, for each batch: clamp((sum of input * weight) + bias), each
   product and each sum rounded, in this order. */
#include "fully_connected_f32.h"

#include "clamp_f32.h"

void qmcu_fully_connected_f32(const qmcu_fully_connected_f32_params *params, const float *input,
                              const float *weights, const float *bias, float *output)
{
    const qmcu_fully_connected_f32_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const float *filter = weights;
        for (int32_t channel = 0; channel < p->output_depth; ++channel) {
            float sum = 0.0f;
            for (int32_t i = 0; i < p->input_depth; ++i) {
                sum += input[i] * filter[i];
            }
            *output++ =
                qmcu_clamp_f32(sum + bias[channel], p->activation_minimum, p->activation_maximum);
            filter += p->input_depth;
        }
        input += p->input_depth;
    }
}
