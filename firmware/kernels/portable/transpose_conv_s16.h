#ifndef QMCU_TRANSPOSE_CONV_S16_H
#define QMCU_TRANSPOSE_CONV_S16_H

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
    int32_t activation_minimum;
    int32_t activation_maximum;
    int32_t requantization_step; /* 1: a multiplier and shift per output channel, 0: one for all */
} qmcu_transpose_conv_s16_params;

/* input NHWC, weights [output_depth][kernel_height][kernel_width][input_depth], bias
   [output_depth], output NHWC; zero points are 0. */
void qmcu_transpose_conv_s16(const qmcu_transpose_conv_s16_params *params, const int16_t *input,
                             const int8_t *weights, const int64_t *bias, const int32_t *multipliers,
                             const int8_t *shifts, int16_t *output);

#endif
