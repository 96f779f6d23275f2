#ifndef QMCU_AVERAGE_OF_SUMS_H
#define QMCU_AVERAGE_OF_SUMS_H

#include <stdint.h>

typedef struct {
    int32_t depth;
    int32_t count; /* inputs of each sum */
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_average_of_sums_params;

/* sums and output [depth] */
void qmcu_average_of_sums(const qmcu_average_of_sums_params *params, const int32_t *sums,
                          int8_t *output);

#endif
