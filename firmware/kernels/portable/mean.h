#ifndef QMCU_MEAN_H
#define QMCU_MEAN_H

#include <stdint.h>

/* The input as [kept 0][kept 1] outputs, each the mean of [reduced 0][reduced 1] inputs; each of the
   four dimensions has a size and the distance in bytes between its neighbours in the input. */
typedef struct {
    int32_t kept_sizes[2];
    int32_t kept_steps[2];
    int32_t reduced_sizes[2];
    int32_t reduced_steps[2];
    int32_t sum_offset; /* -input_zero_point * number of inputs per output */
    int32_t multiplier; /* includes the division by the number of inputs per output */
    int32_t shift;
    int32_t output_zero_point;
} qmcu_mean_params;

void qmcu_mean(const qmcu_mean_params *params, const int8_t *input, int8_t *output);

#endif
