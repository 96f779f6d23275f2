#ifndef QMCU_TRANSPOSE_CONV_S16_DSP_H
#define QMCU_TRANSPOSE_CONV_S16_DSP_H

#include "transpose_conv_s16.h"

typedef qmcu_transpose_conv_s16_params qmcu_transpose_conv_s16_dsp_params;

/* As qmcu_transpose_conv_s16. */
void qmcu_transpose_conv_s16_dsp(const qmcu_transpose_conv_s16_dsp_params *params,
                                 const int16_t *input, const int8_t *weights, const int64_t *bias,
                                 const int32_t *multipliers, const int8_t *shifts, int16_t *output);

#endif
