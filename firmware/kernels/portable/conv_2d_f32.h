#ifndef QMCU_CONV_2D_F32_H
#define QMCU_CONV_2D_F32_H

#include <stdint.h>

#include "window.h"

typedef struct {
    qmcu_window window;
    int32_t groups;
    float activation_minimum;
    float activation_maximum;
} qmcu_conv_2d_f32_params;

/* input NHWC, weights [output_depth][kernel_height][kernel_width][input_depth / groups], output NHWC,
   bias [output_depth]. */
void qmcu_conv_2d_f32(const qmcu_conv_2d_f32_params *params, const float *input,
                      const float *weights, const float *bias, float *output);

#endif
