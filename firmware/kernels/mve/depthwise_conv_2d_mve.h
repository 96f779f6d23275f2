#ifndef QMCU_DEPTHWISE_CONV_2D_MVE_H
#define QMCU_DEPTHWISE_CONV_2D_MVE_H

#include "window.h"

#include <stdint.h>

/* Up to 16 taps that lie within 256 bytes of the first of them. */
typedef struct {
    int32_t first; /* bytes from the window's first tap to this group's */
    int32_t count;
    uint8_t offsets[16]; /* from there; 0 where there is no tap */
} qmcu_mve_taps;

typedef struct {
    qmcu_window window;
    int32_t groups;       /* of taps */
    int32_t plane_height; /* of one channel of the input with its padding, as far as it is used */
    int32_t plane_width;
    int32_t block; /* rows of the output whose sums are kept at a time */
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_depthwise_conv_2d_mve_params;

/* input and output NHWC. weights [output channels][kernel_height * kernel_width]; channels: bias -
   input_zero_point * (sum of weights), multiplier and shift of each channel; taps: qmcu_mve_taps of
   each group of the taps in their order. scratch: sums of block * output_width pixels (int32), then
   plane_height * plane_width bytes and three strides more. The output may lie where the input does when the shapes are
   equal and there is one batch: a channel is read whole before it is written. */
void qmcu_depthwise_conv_2d_mve(const qmcu_depthwise_conv_2d_mve_params *params,
                                const int8_t *input, const int8_t *weights, const int32_t *channels,
                                const int32_t *taps, void *scratch, int8_t *output);

#endif
