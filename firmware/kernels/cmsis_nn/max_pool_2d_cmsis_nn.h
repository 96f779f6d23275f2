#ifndef QMCU_MAX_POOL_2D_CMSIS_NN_H
#define QMCU_MAX_POOL_2D_CMSIS_NN_H

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
} qmcu_max_pool_2d_cmsis_nn_params;

/* max_pool_2d.h by CMSIS-NN. */
void qmcu_max_pool_2d_cmsis_nn(const qmcu_max_pool_2d_cmsis_nn_params *params, const int8_t *input,
                               int8_t *output);

#endif
