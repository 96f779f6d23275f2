#ifndef QMCU_DEPTHWISE_CONV_2D_MVE_H
#define QMCU_DEPTHWISE_CONV_2D_MVE_H

#include "window.h"

#include <stdint.h>

typedef struct {
    qmcu_window window;
    int32_t
        sums; /* whether scratch has room for sums: of more than one group of taps, or shifts to the left */
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_depthwise_conv_2d_mve_params;

/* input and output NHWC. weights [output channels][kernel_height * kernel_width]; channels: bias -
   input_zero_point * (sum of weights), multiplier and shift of each channel. scratch: 24 bytes for each
   group of up to 16 taps within 256 bytes of a plane, sums of whole rows of up to 64 pixels, one at least (int32), a
   plane, which is a channel with its padding as far as it is used, and three strides more. The output may lie where the input does when the shapes are
   equal and there is one batch: a channel is read whole before it is written. */
void qmcu_depthwise_conv_2d_mve(const qmcu_depthwise_conv_2d_mve_params *params,
                                const int8_t *input, const int8_t *weights, const int32_t *channels,
                                void *scratch, int8_t *output);

#endif
