#ifndef QMCU_DEPTHWISE_CONV_2D_MVE_BLOCKS_H
#define QMCU_DEPTHWISE_CONV_2D_MVE_BLOCKS_H

#include "window.h"

#include <stdint.h>

typedef struct {
    qmcu_window window;
    int32_t span;        /* rows of the input from a window's first to its last */
    int32_t plane_width; /* of the input with its padding, as far as it is used */
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_depthwise_conv_2d_mve_blocks_params;

/* A depth multiplier of 1. Channels in blocks of 16, the last filled up: weights [blocks][taps][16],
   where those of taps 0 and 1, of 2 and 3 and so on are at most 255 together; channels [blocks][3][16]:
   biases - input_zero_point * (sum of weights), multipliers and shifts of -31 to -1, of channels 0, 4, 8,
   12, then of 2, 6, 10, 14, of 1, 5, 9, 13 and of 3, 7, 11, 15. scratch: span * plane_width * 16 + 4 *
   taps bytes. The output may lie where the input does when the shapes are equal and there is one batch: a
   block's rows are copied before they are written. */
void qmcu_depthwise_conv_2d_mve_blocks(const qmcu_depthwise_conv_2d_mve_blocks_params *params,
                                       const int8_t *input, const int8_t *weights,
                                       const int32_t *channels, void *scratch, int8_t *output);

#endif
