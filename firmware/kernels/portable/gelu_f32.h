#ifndef QMCU_GELU_F32_H
#define QMCU_GELU_F32_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t approximate; /* 1: the form by tanh */
} qmcu_gelu_f32_params;

/* The output may lie exactly over the input. */
void qmcu_gelu_f32(const qmcu_gelu_f32_params *params, const float *input, float *output);

#endif
