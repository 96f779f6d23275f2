#ifndef QMCU_CONV_2D_WINOGRAD_ROWS_DSP_H
#define QMCU_CONV_2D_WINOGRAD_ROWS_DSP_H
#include "winograd_rows_multiply_dsp.h"
typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_depth;
    int32_t output_height;
    int32_t output_width;
    int32_t output_depth;
    int32_t kernel_height;
    int32_t stride_height;
    int32_t padding_top;
    int32_t padding_left;
    int32_t input_zero_point;
    int32_t together; /* rows of the output that are made of values that are laid out once */
} qmcu_conv_2d_winograd_rows_dsp_params;
/* Windows 3 wide, stride 1 across, by F(4, 3) along rows; input_depth is a multiple of 4. scratch: 88
   bytes, 96 for each 8 input channels and each row that `together` rows of windows span, and 6 pixels
   of the input. */
void qmcu_conv_2d_winograd_rows_dsp(const qmcu_conv_2d_winograd_rows_dsp_params *params,
                                    const int8_t *input, const int16_t *weights,
                                    const int32_t *filters, void *scratch, int8_t *output);
#endif
