#ifndef QMCU_CONV_2D_S16_H
#define QMCU_CONV_2D_S16_H

#include "window.h"

#include <stdint.h>

typedef struct {
    qmcu_window window;
    int32_t groups;
    int32_t activation_minimum;
    int32_t activation_maximum;
    int32_t requantization_step; /* 1: a multiplier and shift per output channel, 0: one for all */
    int32_t wide;                /* 1: a bias of 64 bits, multipliers of 16; 0: of 32 bits both */
} qmcu_conv_2d_s16_params;

/* input NHWC, weights [output_depth][kernel_height][kernel_width][input_depth / groups], bias
   [output_depth], output NHWC; zero points are 0. */
void qmcu_conv_2d_s16(const qmcu_conv_2d_s16_params *params, const int16_t *input,
                      const int8_t *weights, const int64_t *bias, const int32_t *multipliers,
                      const int8_t *shifts, int16_t *output);

#endif
