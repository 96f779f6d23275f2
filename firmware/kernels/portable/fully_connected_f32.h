#ifndef QMCU_FULLY_CONNECTED_F32_H
#define QMCU_FULLY_CONNECTED_F32_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    float activation_minimum;
    float activation_maximum;
} qmcu_fully_connected_f32_params;

/* input [batches][input_depth], weights [output_depth][input_depth], output [batches][output_depth],
   bias [output_depth]. */
void qmcu_fully_connected_f32(const qmcu_fully_connected_f32_params *params, const float *input,
                              const float *weights, const float *bias, float *output);

#endif
