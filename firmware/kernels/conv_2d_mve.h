#ifndef QMCU_CONV_2D_MVE_H
#define QMCU_CONV_2D_MVE_H

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
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t padding_top;
    int32_t padding_left;
    int32_t input_zero_point;
    int32_t steps; /* kernel values / 16, rounded up */
    int32_t direct; /* 1: a column is a pixel of the input, read where it lies */
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_conv_2d_mve_params;

/* input and output NHWC. weights [output_depth][16 * steps], filled up with zeros; channels:
   bias - input_zero_point * (sum of weights), multiplier and shift of each filter. scratch: four
   columns of 16 * steps bytes, unless direct. */
void qmcu_conv_2d_mve(const qmcu_conv_2d_mve_params *params, const int8_t *input,
                      const int8_t *weights, const int32_t *channels, void *scratch,
                      int8_t *output);

#endif
