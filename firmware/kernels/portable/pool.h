/* A pooling layer: one window over every channel. */
#ifndef QMCU_POOL_H
#define QMCU_POOL_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t depth;
    int32_t output_height;
    int32_t output_width;
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;
    int32_t padding_left;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_pool_params;

#endif
