/* transpose_conv_s16 with the products of the DSP extension. */
#include "transpose_conv_s16_dsp.h"

#include "dot_dsp.h"
#include "transpose_conv_s16_code.h"

void qmcu_transpose_conv_s16_dsp(const qmcu_transpose_conv_s16_dsp_params *params,
                                 const int16_t *input, const int8_t *weights, const int64_t *bias,
                                 const int32_t *multipliers, const int8_t *shifts, int16_t *output)
{
    qmcu_transpose_conv_s16_by(params, input, weights, bias, multipliers, shifts, output,
                               qmcu_dot_s16_dsp);
}
