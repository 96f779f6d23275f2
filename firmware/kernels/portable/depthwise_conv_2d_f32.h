#ifndef QMCU_DEPTHWISE_CONV_2D_F32_H
#define QMCU_DEPTHWISE_CONV_2D_F32_H

#include <stdint.h>

#include "window.h"

typedef struct {
    qmcu_window window;
    float activation_minimum;
    float activation_maximum;
} qmcu_depthwise_conv_2d_f32_params;

/* input NHWC, weights [kernel_height][kernel_width][output_depth], output NHWC, bias [output_depth]. */
void qmcu_depthwise_conv_2d_f32(const qmcu_depthwise_conv_2d_f32_params *params, const float *input,
                                const float *weights, const float *bias, float *output);

#endif
