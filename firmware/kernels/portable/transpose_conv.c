#include "transpose_conv.h"

#include "transpose_conv_code.h"

static uint32_t dot(uint32_t sum, const int8_t *tap, const int8_t *pixel, int32_t zero_point,
                    int32_t count)
{
    for (int32_t channel = 0; channel < count; ++channel) {
        sum += (uint32_t)(tap[channel] * (pixel[channel] - zero_point));
    }
    return sum;
}

void qmcu_transpose_conv(const qmcu_transpose_conv_params *params, const int8_t *input,
                         const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                         const int8_t *shifts, int8_t *output)
{
    qmcu_transpose_conv_by(params, input, weights, bias, multipliers, shifts, output, dot);
}
