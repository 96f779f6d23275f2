#ifndef QMCU_FULLY_CONNECTED_H
#define QMCU_FULLY_CONNECTED_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
    int32_t requantization_step; /* 1: a multiplier and shift per output channel, 0: one for all */
} qmcu_fully_connected_params;

/* input [batches][input_depth], weights [output_depth][input_depth], output [batches][output_depth].
   bias holds, for each output channel, bias - input_zero_point * (sum of its weights). */
void qmcu_fully_connected(const qmcu_fully_connected_params *params, const int8_t *input,
                          const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                          const int8_t *shifts, int8_t *output);

#endif
