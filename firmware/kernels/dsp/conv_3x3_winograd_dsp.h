#ifndef QMCU_CONV_3X3_WINOGRAD_DSP_H
#define QMCU_CONV_3X3_WINOGRAD_DSP_H
#include "winograd_tiles_dsp.h"
typedef qmcu_winograd_image qmcu_conv_3x3_winograd_dsp_params;
/* 3x3, stride 1, by F(4x4, 3x3), at most 64 input channels. scratch: 576 bytes for each 8 input
   channels, 96 for each 4, and a row of the input (4 * ceil(input_depth / 4) bytes for each pixel).
   With same padding the output may be the input if output_depth is input_depth. */
void qmcu_conv_3x3_winograd_dsp(const qmcu_conv_3x3_winograd_dsp_params *params,
                                const int8_t *input, const int16_t *weights, const int32_t *filters,
                                void *scratch, int8_t *output);
#endif
