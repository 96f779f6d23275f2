/* conv_2d_dsp with weights as halfwords (qmcu_multiply_s16): faster, in twice the flash. */
#ifndef QMCU_CONV_2D_DSP_S16_H
#define QMCU_CONV_2D_DSP_S16_H

#include "conv_2d_dsp.h"

typedef qmcu_conv_2d_dsp_params qmcu_conv_2d_dsp_s16_params;

void qmcu_conv_2d_dsp_s16(const qmcu_conv_2d_dsp_s16_params *params, const int8_t *input,
                          const int16_t *weights, const int32_t *channels, void *scratch,
                          int8_t *output);

#endif
