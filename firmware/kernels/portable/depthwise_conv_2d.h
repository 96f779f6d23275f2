#ifndef QMCU_DEPTHWISE_CONV_2D_H
#define QMCU_DEPTHWISE_CONV_2D_H

#include "window.h"

#include <stdint.h>

typedef struct {
    qmcu_window window;
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
    int32_t requantization_step; /* 1: a multiplier and shift per output channel, 0: one for all */
} qmcu_depthwise_conv_2d_params;

/* input NHWC, weights [kernel_height][kernel_width][output_depth], output NHWC with
   output_depth = input_depth * depth_multiplier.
   bias holds, for each output channel, bias - input_zero_point * (sum of its weights). */
void qmcu_depthwise_conv_2d(const qmcu_depthwise_conv_2d_params *params, const int8_t *input,
                            const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                            const int8_t *shifts, int8_t *output);

#endif
