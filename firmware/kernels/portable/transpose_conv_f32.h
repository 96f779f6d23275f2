#ifndef QMCU_TRANSPOSE_CONV_F32_H
#define QMCU_TRANSPOSE_CONV_F32_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_depth;
    int32_t output_height;
    int32_t output_width;
    int32_t output_depth;
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;
    int32_t padding_left;
    float activation_minimum;
    float activation_maximum;
} qmcu_transpose_conv_f32_params;

/* input NHWC, weights [output_depth][kernel_height][kernel_width][input_depth], output NHWC,
   bias [output_depth]. */
void qmcu_transpose_conv_f32(const qmcu_transpose_conv_f32_params *params, const float *input,
                             const float *weights, const float *bias, float *output);

#endif
