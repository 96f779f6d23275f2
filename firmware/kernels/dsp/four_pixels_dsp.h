/* Pixels of a convolution by four, whichever rows they are in: what 1x1 and larger windows share. */
#ifndef QMCU_FOUR_PIXELS_DSP_H
#define QMCU_FOUR_PIXELS_DSP_H

#include "columns_lasts_dsp.h"
#include "multiply_four_dsp.h"

typedef struct {
    qmcu_four_run run;
    qmcu_four_multiplier multiplier;
    const int32_t *filters;
    qmcu_four_window window;
    qmcu_columns_lasts *lasts; /* NULL where rows are whole words */
    uint32_t *columns;         /* 6 words for every 4 values */
    int32_t depth;             /* of the output */
    int32_t step;              /* bytes from one window to the next */
    int32_t words;             /* of a window, without its rows' last values */
    int32_t pending;           /* windows that were laid out and not multiplied */
} qmcu_four_pixels;

/* Fills in `run`, with the first output pixel, `words` and `pending`; all else is there. */
void qmcu_four_begin(qmcu_four_pixels *f, int8_t *output);

/* The windows of `count` neighbouring pixels from `from` on; outputs follow those before. */
void qmcu_four_row(qmcu_four_pixels *f, const int8_t *from, int32_t count);

/* Multiplies the windows that are pending, the last of which is at `last`. */
void qmcu_four_end(qmcu_four_pixels *f, const int8_t *last);

#endif
