#ifndef QMCU_CUMSUM_H
#define QMCU_CUMSUM_H

#include <stdint.h>

typedef struct {
    int32_t rows;      /* product of the dimensions before the axis */
    int32_t length;    /* of the axis */
    int32_t inner;     /* product of the dimensions after it */
    int32_t exclusive; /* 1: an output leaves out the input at its own place */
    int32_t reverse;   /* 1: from the end to the beginning */
    int32_t input_zero_point;
    int32_t multiplier;
    int32_t shift;
    int32_t output_zero_point;
} qmcu_cumsum_params;

void qmcu_cumsum(const qmcu_cumsum_params *params, const int8_t *input, int8_t *output);

#endif
