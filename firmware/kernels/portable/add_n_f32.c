/* Elementwise sum of any number of inputs, in their order. */
#include "add_n_f32.h"

void qmcu_add_n_f32(const qmcu_add_n_f32_params *params, const float *const *inputs, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        float sum = 0.0f;
        for (int32_t input = 0; input < params->count; ++input) {
            sum += inputs[input][i];
        }
        output[i] = sum;
    }
}
