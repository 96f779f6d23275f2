/* output = scale * (input - zero_point): the difference is exact in float, so it is rounded once. */
#include "dequantize_s8_f32.h"

void qmcu_dequantize_s8_f32(const qmcu_dequantize_s8_f32_params *params, const int8_t *input,
                            float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = params->scale * (float)((int32_t)input[i] - params->zero_point);
    }
}
