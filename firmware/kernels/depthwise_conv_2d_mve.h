#ifndef QMCU_DEPTHWISE_CONV_2D_MVE_H
#define QMCU_DEPTHWISE_CONV_2D_MVE_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t depth; /* a multiple of 4 */
    int32_t output_height;
    int32_t output_width;
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;
    int32_t padding_left;
    int32_t row_width; /* pixels of the input that a row of the output needs, with padding */
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_depthwise_conv_2d_mve_params;

/* input and output NHWC, of equal depth. weights [depth / 4][kernel_height * kernel_width][4];
   channels: bias - input_zero_point * (sum of weights), multiplier and shift of each four,
   [depth / 4][3][4]. scratch: kernel_height * row_width * depth bytes. */
void qmcu_depthwise_conv_2d_mve(const qmcu_depthwise_conv_2d_mve_params *params,
                                const int8_t *input, const int8_t *weights,
                                const int32_t *channels, void *scratch, int8_t *output);

#endif
