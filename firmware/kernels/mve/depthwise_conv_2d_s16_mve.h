#ifndef QMCU_DEPTHWISE_CONV_2D_S16_MVE_H
#define QMCU_DEPTHWISE_CONV_2D_S16_MVE_H

#include "depthwise_conv_2d_s16.h"

typedef qmcu_depthwise_conv_2d_s16_params qmcu_depthwise_conv_2d_s16_mve_params;

/* As qmcu_depthwise_conv_2d_s16, for windows of at most 511 taps. */
void qmcu_depthwise_conv_2d_s16_mve(const qmcu_depthwise_conv_2d_s16_mve_params *params,
                                    const int16_t *input, const int8_t *weights,
                                    const int64_t *bias, const int32_t *multipliers,
                                    const int8_t *shifts, int16_t *output);

#endif
