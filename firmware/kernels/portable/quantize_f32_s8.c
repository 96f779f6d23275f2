/* output = clamp(round(input / scale) + zero_point), ties away from zero, in float. */
#include "quantize_f32_s8.h"

#include "real.h"

void qmcu_quantize_f32_s8(const qmcu_quantize_f32_s8_params *params, const float *input,
                          int8_t *output)
{
    const int32_t zero_point = params->zero_point;
    for (int32_t i = 0; i < params->size; ++i) {
        const int32_t value = qmcu_rounded_quotient(input[i], params->scale, INT8_MIN - zero_point,
                                                    INT8_MAX - zero_point);
        output[i] = (int8_t)(value + zero_point);
    }
}
