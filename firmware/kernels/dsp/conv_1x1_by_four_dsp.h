#ifndef QMCU_CONV_1X1_BY_FOUR_DSP_H
#define QMCU_CONV_1X1_BY_FOUR_DSP_H

#include "multiply_four_dsp.h"

typedef struct {
    int32_t pixels;     /* output pixels of one row (all of them when the stride is 1) */
    int32_t rows;       /* output rows (1 when the stride is 1) */
    int32_t pixel_step; /* bytes from one input pixel to the next one used */
    int32_t row_step;   /* bytes from the end of one row of pixels to the next */
    int32_t output_depth;
    int32_t backward; /* from the last pixel to the first; one row */
    int32_t words;    /* input channels / 4, rounded up */
} qmcu_conv_1x1_by_four_dsp_params;

/* scratch: 24 * words bytes. The output may be the input if it has no more channels or, backward, no
   fewer, and pixel_step is the input's. */
void qmcu_conv_1x1_by_four_dsp(const qmcu_conv_1x1_by_four_dsp_params *params, const int8_t *input,
                               const int32_t *filters, void *scratch, int8_t *output,
                               qmcu_four_multiplier multiplier);

#endif
