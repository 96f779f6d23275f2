#ifndef QMCU_DEPTHWISE_ANY_DSP_H
#define QMCU_DEPTHWISE_ANY_DSP_H

#include "window.h"

#include <stdint.h>

typedef struct {
    qmcu_window window;
    int32_t row_width; /* pixels of a row that any window reads, padding included */
    int32_t
        row_bytes; /* of a row in scratch: row_width pixels of all output channels, and 3 more */
    int32_t rows;  /* in scratch: what a window spans */
    int32_t input_zero_point;
    int32_t output_zero_point;
} qmcu_depthwise_any_dsp_params;

/* NHWC, any depth multiplier. weights: for each 4 output channels, filled up, and each pair of taps,
   4 pairs of halfwords; channels: one for each output channel as any_dsp.h says. scratch: a pointer
   for each tap, filled up to pairs, then the rows. A row of the input is copied before the output
   row at its place is written, so the output may lie over an input of the same size. */
void qmcu_depthwise_any_dsp(const qmcu_depthwise_any_dsp_params *params, const int8_t *input,
                            const int16_t *weights, const int32_t *channels, void *scratch,
                            int8_t *output);

#endif
