#ifndef QMCU_FULLY_CONNECTED_OFFSET_H
#define QMCU_FULLY_CONNECTED_OFFSET_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    int32_t input_zero_point;
    int32_t weights_zero_point;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_fully_connected_offset_params;

/* input [batches][input_depth], weights [output_depth][input_depth], bias [output_depth], one
   multiplier and shift, output [batches][output_depth]. Weights and bias may be computed. */
void qmcu_fully_connected_offset(const qmcu_fully_connected_offset_params *params,
                                 const int8_t *input, const int8_t *weights, const int32_t *bias,
                                 const int32_t *multipliers, const int8_t *shifts, int8_t *output);

#endif
