#include "conv_2d_dsp_s16.h"

#include "convolve_dsp.h"

void qmcu_conv_2d_dsp_s16(const qmcu_conv_2d_dsp_s16_params *params, const int8_t *input,
                          const int16_t *weights, const int32_t *channels, void *scratch,
                          int8_t *output)
{
    qmcu_convolve_dsp(params, input, weights, 1, (const qmcu_channel *)channels,
                      scratch, output);
}
