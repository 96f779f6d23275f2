#ifndef QMCU_CONV_3X3_WINOGRAD_BYTES_DSP_H
#define QMCU_CONV_3X3_WINOGRAD_BYTES_DSP_H
#include "winograd_tiles_dsp.h"
typedef struct {
    qmcu_winograd_image image;
    int32_t tiles; /* whose values lie in scratch, a multiple of 4 */
} qmcu_conv_3x3_winograd_bytes_dsp_params;
/* As conv_3x3_winograd_dsp, but weights are bytes, 9 words for each 4 channels, and are transformed
   for each `tiles` tiles. scratch: 576 bytes for each 8 input channels and each tile and once more,
   96 for each 4 channels, a row of the input (4 * ceil(input_depth / 4) bytes for each pixel), 28 for
   each tile and 136. */
void qmcu_conv_3x3_winograd_bytes_dsp(const qmcu_conv_3x3_winograd_bytes_dsp_params *params,
                                      const int8_t *input, const int32_t *weights,
                                      const int32_t *filters, void *scratch, int8_t *output);
#endif
