#ifndef QMCU_DEPTHWISE_CONV_2D_S16_SCALAR_H
#define QMCU_DEPTHWISE_CONV_2D_S16_SCALAR_H

#include "depthwise_conv_2d_s16.h"

typedef qmcu_depthwise_conv_2d_s16_params qmcu_depthwise_conv_2d_s16_scalar_params;

/* As qmcu_depthwise_conv_2d_s16, for windows of at most 511 taps. */
void qmcu_depthwise_conv_2d_s16_scalar(const qmcu_depthwise_conv_2d_s16_scalar_params *params,
                                       const int16_t *input, const int8_t *weights,
                                       const int64_t *bias, const int32_t *multipliers,
                                       const int8_t *shifts, int16_t *output);

#endif
