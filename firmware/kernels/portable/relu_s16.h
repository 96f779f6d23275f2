#ifndef QMCU_RELU_S16_H
#define QMCU_RELU_S16_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t multiplier;
    int32_t shift;
    int32_t minimum;
    int32_t maximum;
} qmcu_relu_s16_params;

/* The output may lie exactly over the input; zero points are 0. */
void qmcu_relu_s16(const qmcu_relu_s16_params *params, const int16_t *input, int16_t *output);

#endif
