/* conv_2d_s16_quads_code.h says what it computes. */
#include "conv_2d_s16_quads_dsp.h"

#include "copy_dsp.h"
#include "conv_2d_s16_quads_code.h"
#include "quads_s16_dsp.h"

void qmcu_conv_2d_s16_quads_dsp(const qmcu_conv_2d_s16_quads_dsp_params *params,
                                const int16_t *input, const int8_t *weights, const int32_t *bias,
                                const int32_t *multipliers, void *scratch, int16_t *output)
{
    qmcu_conv_2d_s16_quads_by(params, input, weights, bias, multipliers, scratch, output,
                              qmcu_quads_s16_dsp, qmcu_copy_bytes, 1);
}
