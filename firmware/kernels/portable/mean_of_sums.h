#ifndef QMCU_MEAN_OF_SUMS_H
#define QMCU_MEAN_OF_SUMS_H

#include <stdint.h>

typedef struct {
    int32_t depth;
    int32_t sum_offset; /* -input_zero_point * number of inputs per output */
    int32_t multiplier; /* includes the division by the number of inputs per output */
    int32_t shift;
    int32_t output_zero_point;
} qmcu_mean_of_sums_params;

/* sums and output [depth] */
void qmcu_mean_of_sums(const qmcu_mean_of_sums_params *params, const int32_t *sums, int8_t *output);

#endif
