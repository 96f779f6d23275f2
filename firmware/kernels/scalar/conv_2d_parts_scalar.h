#ifndef QMCU_CONV_2D_PARTS_SCALAR_H
#define QMCU_CONV_2D_PARTS_SCALAR_H

#include "rows_scalar.h"

typedef struct {
    qmcu_window window;
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
    int32_t requantization_step; /* 1: a multiplier and shift per output channel, 0: one for all */
    int32_t part;                /* values of a row of a window that are packed at once; even */
    qmcu_rows rows;
} qmcu_conv_2d_parts_scalar_params;

/* As conv_2d_scalar with packed windows of one group, whose rows have no gaps and an even number of values
   if there are several. scratch: rows.count * rows.row_bytes if that is positive, 8 bytes a value of a
   part, 16 a filter. */
void qmcu_conv_2d_parts_scalar(const qmcu_conv_2d_parts_scalar_params *params, const int8_t *input,
                               const int8_t *weights, const int32_t *bias,
                               const int32_t *multipliers, const int8_t *shifts, void *scratch,
                               int8_t *output);

#endif
