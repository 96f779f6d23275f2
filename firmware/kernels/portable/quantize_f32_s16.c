/* output = clamp(round(input / scale) + zero_point), ties away from zero, in float. */
#include "quantize_f32_s16.h"

#include "real.h"

void qmcu_quantize_f32_s16(const qmcu_quantize_f32_s16_params *params, const float *input,
                           int16_t *output)
{
    const int32_t zero_point = params->zero_point;
    for (int32_t i = 0; i < params->size; ++i) {
        const int32_t value = qmcu_rounded_quotient(input[i], params->scale, INT16_MIN - zero_point,
                                                    INT16_MAX - zero_point);
        output[i] = (int16_t)(value + zero_point);
    }
}
