#ifndef QMCU_AVERAGE_POOL_2D_H
#define QMCU_AVERAGE_POOL_2D_H

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
} qmcu_average_pool_2d_params;

/* input and output NHWC */
void qmcu_average_pool_2d(const qmcu_average_pool_2d_params *params, const int8_t *input, int8_t *output);

#endif
