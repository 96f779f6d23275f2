/* Windows of an image as columns of halfwords. */
#ifndef QMCU_COLUMNS_DSP_H
#define QMCU_COLUMNS_DSP_H

#include "window.h"

#include <stdint.h>

typedef struct {
    qmcu_window window;
    int32_t depth; /* channels that a filter reads: all of the input's, or those of its group */
    int32_t input_zero_point;
    int32_t steps; /* kernel values / 4, rounded up */
} qmcu_conv_2d_dsp_params;

/* Writes the window at (y, x) as every second pair of words from `column`; a tap outside the image
   is the input zero point, what is behind the last value of a step zero. image: its first pixel's first
   channel that is read. */
void qmcu_lay_out_column(const qmcu_conv_2d_dsp_params *p, const int8_t *image, int32_t y,
                         int32_t x, uint32_t *column);

#endif
