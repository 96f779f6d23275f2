#ifndef QMCU_DEPTHWISE_CONV_2D_S16_QUADS_H
#define QMCU_DEPTHWISE_CONV_2D_S16_QUADS_H

#include "window.h"

/* A depthwise convolution of int16, output channel for input channel, whose sums with their bias are
   proved to stay in 32 bits; an output is as in quads_s16.h. */
typedef struct {
    qmcu_window window;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_depthwise_conv_2d_s16_quads_params;

#endif
