/* output = input where it is above zero, else alpha * input */
#include "leaky_relu_f32.h"

void qmcu_leaky_relu_f32(const qmcu_leaky_relu_f32_params *params, const float *input,
                         float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = input[i] > 0.0f ? input[i] : input[i] * params->alpha;
    }
}
