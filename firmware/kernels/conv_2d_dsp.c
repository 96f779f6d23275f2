/* conv_2d for the DSP extension: windows are laid out as columns of halfwords, two at a time, and
   multiplied with two filters at a time. A tap outside the image is the input zero point, whose
   share is in the bias, so that borders cost nothing in the product. */
#include "conv_2d_dsp.h"

#include "convolve_dsp.h"

void qmcu_conv_2d_dsp(const qmcu_conv_2d_dsp_params *params, const int8_t *input,
                      const int8_t *weights, const int32_t *channels, void *scratch,
                      int8_t *output)
{
    qmcu_convolve_dsp(params, input, weights, 0, (const qmcu_channel *)channels, scratch, output);
}
