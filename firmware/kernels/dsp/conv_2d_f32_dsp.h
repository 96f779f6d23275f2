#ifndef QMCU_CONV_2D_F32_DSP_H
#define QMCU_CONV_2D_F32_DSP_H

#include "conv_2d_f32.h"

typedef qmcu_conv_2d_f32_params qmcu_conv_2d_f32_dsp_params;

/* As qmcu_conv_2d_f32 of one group; weights as filters_f32_dsp.h says. */
void qmcu_conv_2d_f32_dsp(const qmcu_conv_2d_f32_dsp_params *params, const float *input,
                          const float *weights, const float *bias, float *output);

#endif
