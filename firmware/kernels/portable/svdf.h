#ifndef QMCU_SVDF_H
#define QMCU_SVDF_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t units;
    int32_t rank; /* filters of a unit */
    int32_t input_depth;
    int32_t memory; /* values that a filter remembers */
    int32_t state_multiplier;
    int32_t state_shift;
    int32_t state_zero_point;
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_zero_point;
} qmcu_svdf_params;

/* input [batches][input_depth], features [units][rank][input_depth],
   times [units][rank][memory], output [batches][units];
   state [batches][units][rank][memory] is read and written.
   feature_bias holds, for each filter, -input_zero_point * (sum of its features); bias, for each
   unit, bias - state_zero_point * (sum of its times). */
void qmcu_svdf(const qmcu_svdf_params *params, const int8_t *input, const int8_t *features,
               const int32_t *feature_bias, const int8_t *times, const int32_t *bias, int8_t *state,
               int8_t *output);

#endif
