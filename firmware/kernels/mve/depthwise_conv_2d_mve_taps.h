#ifndef QMCU_DEPTHWISE_CONV_2D_MVE_TAPS_H
#define QMCU_DEPTHWISE_CONV_2D_MVE_TAPS_H

#include "window.h"

#include <stdint.h>

typedef struct {
    qmcu_window window; /* depth_multiplier 1 */
    int32_t steps;      /* of eight taps */
    int32_t padded;     /* 1: some window leaves the image */
    int32_t general;    /* 1: some shift is not to the right */
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_depthwise_conv_2d_mve_taps_params;

/* input and output NHWC. weights [ceil(channels / 4)][steps][4][8], what is filled up is 0; channels
   [ceil(channels / 4)][3][4]: bias - input_zero_point * (sum of weights), multiplier and shift of
   each. offsets [steps][8]: bytes from a window's first tap to each in the image; if padded, then
   the same in a window of its own. scratch: if padded, a window of bytes and three more, else a
   word. Up to three bytes behind the input are read. */
void qmcu_depthwise_conv_2d_mve_taps(const qmcu_depthwise_conv_2d_mve_taps_params *params,
                                     const int8_t *input, const int8_t *weights,
                                     const int32_t *channels, const uint16_t *offsets,
                                     void *scratch, int8_t *output);

#endif
