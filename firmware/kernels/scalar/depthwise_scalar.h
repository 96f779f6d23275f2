#ifndef QMCU_DEPTHWISE_SCALAR_H
#define QMCU_DEPTHWISE_SCALAR_H

#include "rows_scalar.h"

typedef struct {
    qmcu_window window;
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
    int32_t requantization_step; /* 1: a multiplier and shift per output channel, 0: one for all */
    qmcu_rows rows;
} qmcu_depthwise_scalar_params;

/* As depthwise_conv_2d. scratch: rows.count * rows.row_bytes. The output may
   lie over the start of the input as far as that has been copied to rows in scratch. */
void qmcu_depthwise_scalar(const qmcu_depthwise_scalar_params *params, const int8_t *input,
                           const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                           const int8_t *shifts, void *scratch, int8_t *output);

#endif
