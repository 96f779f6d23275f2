#ifndef QMCU_DEPTHWISE_CONV_2D_S16_QUADS_MVE_H
#define QMCU_DEPTHWISE_CONV_2D_S16_QUADS_MVE_H

#include "depthwise_conv_2d_s16_quads.h"

typedef qmcu_depthwise_conv_2d_s16_quads_params qmcu_depthwise_conv_2d_s16_quads_mve_params;

/* input and output NHWC, weights [kernel height][kernel width][channels]. */
void qmcu_depthwise_conv_2d_s16_quads_mve(const qmcu_depthwise_conv_2d_s16_quads_mve_params *params,
                                          const int16_t *input, const int8_t *weights,
                                          const int32_t *bias, const int32_t *multipliers,
                                          int16_t *output);

#endif
