#ifndef QMCU_CONV_2D_WINDOWS_FOUR_DSP_H
#define QMCU_CONV_2D_WINDOWS_FOUR_DSP_H

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
    int32_t input_zero_point;
    int32_t words; /* of a row of a window, filled up with weights of 0 */
} qmcu_conv_2d_windows_four_dsp_params;

/* conv_2d_rows_four_dsp.h with less scratch: rows of windows are read where they lie, and copied at the
   border alone. scratch: 24 * words of a window, then (3 * stride_width + kernel_width) * input_depth,
   rounded up to words, and 4 bytes. Up to four windows are laid out before outputs are written. Reads
   up to 3 bytes beyond the input (times zero). */
void qmcu_conv_2d_windows_four_dsp(const qmcu_conv_2d_windows_four_dsp_params *params,
                                   const int8_t *input, const int32_t *filters, void *scratch,
                                   int8_t *output);

#endif
