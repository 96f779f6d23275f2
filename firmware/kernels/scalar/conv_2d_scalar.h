#ifndef QMCU_CONV_2D_SCALAR_H
#define QMCU_CONV_2D_SCALAR_H

#include "rows_scalar.h"

typedef struct {
    qmcu_window window;
    int32_t groups;
    int32_t group_depth;   /* input channels of a group */
    int32_t group_filters; /* output channels of a group */
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
    int32_t requantization_step; /* 1: a multiplier and shift per output channel, 0: one for all */
    int32_t packed;              /* 1: windows are packed as pixels_scalar.h says */
    qmcu_rows rows;
} qmcu_conv_2d_scalar_params;

/* As conv_2d. scratch: rows.count * rows.row_bytes if that is positive, and packed 16 bytes for each two
   values of a filter, which lie behind each other, with a byte more where they are odd. The output may
   lie over the start of the input as far as it has been read: the rows in scratch, or with packed windows of one group
   the four of them. Backward, which is for packed windows of one pixel, it may begin where the input does. */
void qmcu_conv_2d_scalar(const qmcu_conv_2d_scalar_params *params, const int8_t *input,
                         const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                         const int8_t *shifts, void *scratch, int8_t *output);

#endif
