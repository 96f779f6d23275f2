#ifndef QMCU_FULLY_CONNECTED_F32_DSP_H
#define QMCU_FULLY_CONNECTED_F32_DSP_H

#include "fully_connected_f32.h"

typedef qmcu_fully_connected_f32_params qmcu_fully_connected_f32_dsp_params;

/* As qmcu_fully_connected_f32; weights as filters_f32_dsp.h says. */
void qmcu_fully_connected_f32_dsp(const qmcu_fully_connected_f32_dsp_params *params,
                                  const float *input, const float *weights, const float *bias,
                                  float *output);

#endif
