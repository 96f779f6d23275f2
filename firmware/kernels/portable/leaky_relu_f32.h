#ifndef QMCU_LEAKY_RELU_F32_H
#define QMCU_LEAKY_RELU_F32_H

#include <stdint.h>

typedef struct {
    int32_t size;
    float alpha;
} qmcu_leaky_relu_f32_params;

/* The output may lie exactly over the input. */
void qmcu_leaky_relu_f32(const qmcu_leaky_relu_f32_params *params, const float *input,
                         float *output);

#endif
