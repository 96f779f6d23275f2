#ifndef QMCU_CONV_1X1_TWO_DSP_H
#define QMCU_CONV_1X1_TWO_DSP_H

#include "multiply_run_dsp.h"

typedef struct {
    int32_t pixels;     /* output pixels of one row (all of them when the stride is 1) */
    int32_t rows;       /* output rows (1 when the stride is 1) */
    int32_t pixel_step; /* bytes from one input pixel to the next one used */
    int32_t row_step;   /* bytes from the end of one row of pixels to the next */
    int32_t filters;    /* 1 or 2 */
    int32_t steps;      /* input depth / 8 rounded up */
} qmcu_conv_1x1_two_dsp_params;

/* One or two filters: weights and pair as multiply_pair_dsp.h has them. A pixel is read before its
   outputs are written. */
void qmcu_conv_1x1_two_dsp(const qmcu_conv_1x1_two_dsp_params *params, const int8_t *input,
                           const int16_t *weights, const int32_t *pair, int8_t *output);

#endif
