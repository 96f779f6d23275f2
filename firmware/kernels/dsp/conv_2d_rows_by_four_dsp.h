#ifndef QMCU_CONV_2D_ROWS_BY_FOUR_DSP_H
#define QMCU_CONV_2D_ROWS_BY_FOUR_DSP_H

#include "multiply_four_dsp.h"

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
    int32_t stride_height; /* at most kernel_height */
    int32_t stride_width;
    int32_t padding_top;
    int32_t padding_left;
    int32_t input_zero_point;
    int32_t row_bytes; /* ((output_width - 1) * stride_width + kernel_width) * input_depth, rounded
                          up to words */
    int32_t words;     /* of a row of a window, without its last value where there are last_words */
    int32_t last_words; /* of the rows' last values */
} qmcu_conv_2d_rows_by_four_dsp_params;

/* A row of a window is filled up to words, with weights of 0, or what is left of it is one value; as
   columns_lasts_dsp.h says. scratch: 24 * words of a window +
   kernel_height * row_bytes + 4 bytes. With stride 1 and output_depth <= input_depth and same padding the
   output may be the input. */
void qmcu_conv_2d_rows_by_four_dsp(const qmcu_conv_2d_rows_by_four_dsp_params *params,
                                   const int8_t *input, const int32_t *filters, void *scratch,
                                   int8_t *output, qmcu_four_multiplier multiplier);

#endif
