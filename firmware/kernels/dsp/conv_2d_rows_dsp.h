#ifndef QMCU_CONV_2D_ROWS_DSP_H
#define QMCU_CONV_2D_ROWS_DSP_H
#include "multiply_run_dsp.h"
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
    int32_t steps;     /* kernel values / 8, rounded up */
    int32_t row_bytes; /* ((output_width - 1) * stride_width + kernel_width) * input_depth, rounded
                          up to words */
} qmcu_conv_2d_rows_dsp_params;
/* scratch: 32 * steps + kernel_height * row_bytes + 4 bytes, and 8 * steps where rows of a window that
   are no whole words are put together. Rows of the output may lie over those of the input that the
   windows behind them do not reach. */
void qmcu_conv_2d_rows_dsp(const qmcu_conv_2d_rows_dsp_params *params, const int8_t *input,
                           const int16_t *weights, const int32_t *pairs, void *scratch,
                           int8_t *output, qmcu_multiplier multiplier);
#endif
