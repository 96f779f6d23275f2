/* depthwise_conv_2d_s16_code.h says what it computes. */
#include "depthwise_conv_2d_s16.h"

#include "depthwise_conv_2d_s16_code.h"

void qmcu_depthwise_conv_2d_s16(const qmcu_depthwise_conv_2d_s16_params *params,
                                const int16_t *input, const int8_t *weights, const int64_t *bias,
                                const int32_t *multipliers, const int8_t *shifts, int16_t *output)
{
    qmcu_depthwise_conv_2d_s16_by(params, input, weights, bias, multipliers, shifts, output, 0);
}
