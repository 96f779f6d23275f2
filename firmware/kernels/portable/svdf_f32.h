#ifndef QMCU_SVDF_F32_H
#define QMCU_SVDF_F32_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t units;
    int32_t rank; /* filters of a unit */
    int32_t input_depth;
    int32_t memory; /* values that a filter remembers */
    int32_t bounds; /* of the output: 0 none, 1 the minimum, 2 both */
    float activation_minimum;
    float activation_maximum;
} qmcu_svdf_f32_params;

/* input [batches][input_depth], features [units][rank][input_depth],
   times [units][rank][memory], bias [units], output [batches][units];
   state [batches][units][rank][memory] is read and written. */
void qmcu_svdf_f32(const qmcu_svdf_f32_params *params, const float *input, const float *features,
                   const float *times, const float *bias, float *state, float *output);

#endif
