#ifndef QMCU_DEPTHWISE_CONV_2D_DSP_H
#define QMCU_DEPTHWISE_CONV_2D_DSP_H

#include <stdint.h>

enum { QMCU_DEPTHWISE_TAPS = 50 }; /* room for a kernel of 7 x 7, filled up to pairs */

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t depth; /* in place a multiple of 4 */
    int32_t output_height;
    int32_t output_width;
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;
    int32_t padding_left;
    int32_t
        row_width; /* pixels of a row that any window reads, padding included; 0: no window reads
                          padding, and rows are read in place */
    int32_t input_zero_point;
} qmcu_depthwise_conv_2d_dsp_params;

/* NHWC, depth multiplier 1. weights: for each 4 channels and each pair of taps, 4 pairs of halfwords;
   channels: qmcu_channel of each. scratch: kernel_height rows of row_width * depth bytes, none
   in place; of channels that are not in fours, which are filled up to fours in weights and channels,
   also a pixel of whole fours and 4 bytes.
   A row of the input is copied before the output row at its place is written, so the output may
   lie over an input of the same size. */
void qmcu_depthwise_conv_2d_dsp(const qmcu_depthwise_conv_2d_dsp_params *params,
                                const int8_t *input, const int16_t *weights,
                                const int32_t *channels, void *scratch, int8_t *output);

#endif
