#ifndef QMCU_TRANSPOSE_CONV_PARTS_SCALAR_H
#define QMCU_TRANSPOSE_CONV_PARTS_SCALAR_H

#include "transpose_phases.h"

typedef struct {
    qmcu_transpose_phases phases;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
    int32_t requantization_step; /* 1: a multiplier and shift per output channel, 0: one for all */
    int32_t part;                /* values of a window that are packed at once; even */
} qmcu_transpose_conv_parts_scalar_params;

/* input and output NHWC. weights: of each phase its bias, then its weights as conv_2d_parts_scalar.h has
   them, filled up to words. scratch: what that takes, then the staged rows. */
void qmcu_transpose_conv_parts_scalar(const qmcu_transpose_conv_parts_scalar_params *params,
                                      const int8_t *input, const int32_t *weights,
                                      const int32_t *multipliers, const int8_t *shifts,
                                      void *scratch, int8_t *output);

#endif
