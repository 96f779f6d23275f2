#ifndef QMCU_CONV_2D_PARTS_SCALAR_H
#define QMCU_CONV_2D_PARTS_SCALAR_H

#include "window.h"

typedef struct {
    qmcu_window window;
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
    int32_t requantization_step; /* 1: a multiplier and shift per output channel, 0: one for all */
    int32_t part;                /* values of a window that are packed at once; even */
    int32_t backward;            /* 1: from the last four pixels of an image to the first */
} qmcu_conv_2d_parts_scalar_params;

/* As conv_2d_scalar with packed windows of one group. scratch: 8 bytes a value of a part, 16 a filter, one an
   input channel. The output may lie over the start of the input as far as windows of four pixels have been
   read; backward, of windows of one pixel, it may begin where the input does. */
void qmcu_conv_2d_parts_scalar(const qmcu_conv_2d_parts_scalar_params *params, const int8_t *input,
                               const int8_t *weights, const int32_t *bias,
                               const int32_t *multipliers, const int8_t *shifts, void *scratch,
                               int8_t *output);

#endif
