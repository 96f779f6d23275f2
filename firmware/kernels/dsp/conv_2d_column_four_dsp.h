#ifndef QMCU_CONV_2D_COLUMN_FOUR_DSP_H
#define QMCU_CONV_2D_COLUMN_FOUR_DSP_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_depth;
    int32_t output_height;
    int32_t output_width;
    int32_t output_depth;
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;
    int32_t input_zero_point;
    int32_t column_bytes; /* ((output_height - 1) * stride_height + kernel height) * input_depth */
    int32_t words;        /* of a window, filled up with weights of 0 */
} qmcu_conv_2d_column_four_dsp_params;

/* Windows one column wide: filters as multiply_four_dsp.h has them. scratch: 24 * words, then
   column_bytes and 3 more. */
void qmcu_conv_2d_column_four_dsp(const qmcu_conv_2d_column_four_dsp_params *params,
                                  const int8_t *input, const int32_t *filters, void *scratch,
                                  int8_t *output);

#endif
