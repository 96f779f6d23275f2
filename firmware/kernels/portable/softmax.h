#ifndef QMCU_SOFTMAX_H
#define QMCU_SOFTMAX_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t multiplier; /* beta * input scale, with shift, as a number with 26 fractional bits */
    int32_t shift;
    int32_t minimum_difference; /* smaller input - maximum is taken for minus infinity */
} qmcu_softmax_params;

/* input and output [rows][depth]; output has scale 1/256 and zero point -128. output may be input. */
void qmcu_softmax(const qmcu_softmax_params *params, const int8_t *input, int8_t *output);

#endif
