#ifndef QMCU_CONV_1X1_DSP_H
#define QMCU_CONV_1X1_DSP_H
#include "multiply_run_dsp.h"
typedef struct {
    int32_t pixels;     /* output pixels of one row (all of them when the stride is 1) */
    int32_t rows;       /* output rows (1 when the stride is 1) */
    int32_t pixel_step; /* bytes from one input pixel to the next one used */
    int32_t row_step;   /* bytes from the end of one row of pixels to the next */
    int32_t input_depth;
    int32_t output_depth;
    int32_t backward; /* from the last pixel to the first; one row, pixel_step input_depth */
    int32_t steps;    /* input_depth / 8 rounded up */
} qmcu_conv_1x1_dsp_params;
/* scratch: 32 * steps bytes. The output may be the input if output_depth <= input_depth and
 * pixel_step is input_depth. */
void qmcu_conv_1x1_dsp(const qmcu_conv_1x1_dsp_params *params, const int8_t *input,
                       const int16_t *weights, const int32_t *pairs, void *scratch, int8_t *output,
                       qmcu_multiplier multiplier);
#endif
