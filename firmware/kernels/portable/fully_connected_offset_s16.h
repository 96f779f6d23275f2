#ifndef QMCU_FULLY_CONNECTED_OFFSET_S16_H
#define QMCU_FULLY_CONNECTED_OFFSET_S16_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    int32_t weights_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
    int32_t requantization_step; /* 0: one multiplier and shift for all channels */
    int32_t wide;                /* 1: a bias of 64 bits, multipliers of 16; 0: of 32 bits both */
} qmcu_fully_connected_offset_s16_params;

/* input [batches][input_depth], weights [output_depth][input_depth], bias [output_depth], output
   [batches][output_depth]; zero points of input and output are 0. */
void qmcu_fully_connected_offset_s16(const qmcu_fully_connected_offset_s16_params *params,
                                     const int16_t *input, const int8_t *weights,
                                     const int64_t *bias, const int32_t *multipliers,
                                     const int8_t *shifts, int16_t *output);

#endif
