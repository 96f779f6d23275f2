/* output = clamp(round(input / scale) + zero_point), ties away from zero, in float. */
#include "quantize_f32_s16.h"

#include "real.h"

void qmcu_quantize_f32_s16(const qmcu_quantize_f32_s16_params *params, const float *input,
                           int16_t *output)
{
    const float scale = params->scale; /* here, for the output may be anything */
    const int32_t zero_point = params->zero_point;
    const int32_t minimum = INT16_MIN - zero_point, maximum = INT16_MAX - zero_point;
    for (const float *const end = input + params->size; input != end; ++input) {
        const int32_t value = qmcu_rounded_quotient(*input, scale, minimum, maximum);
        *output++ = (int16_t)(value + zero_point);
    }
}
