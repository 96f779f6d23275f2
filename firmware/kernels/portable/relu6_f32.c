/* output = min(max(input, 0), 6) */
#include "relu6_f32.h"

void qmcu_relu6_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = input[i] > 6.0f ? 6.0f : input[i] < 0.0f ? 0.0f : input[i];
    }
}
