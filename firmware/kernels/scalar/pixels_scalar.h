/* Four output pixels at a time, channel after channel: sums, requantization and storing. */
#ifndef QMCU_PIXELS_SCALAR_H
#define QMCU_PIXELS_SCALAR_H

#include "output_scalar.h"

/* The windows of four pixels and the filters of some channels. A window is `parts` times `rows` runs
   of bytes, or it is packed: then `columns` holds two words a tap, the first window's byte + 2^16 *
   the second's and the same of the others, in pairs of taps; the bytes of one are multiplied by one
   product. Exact while no pair of a filter has two weights of -128. */
typedef struct {
    const int8_t *windows[4]; /* the ends of their first runs */
    const int8_t *filter;     /* the end of the first channel's first run; packed: its begin */
    int32_t row_step;         /* from a row of a window to the next */
    int32_t filter_row_step;
    int32_t run;  /* taps * step */
    int32_t step; /* from a byte of a run to the next, in window and filter */
    int32_t taps;
    int32_t rows;
    int32_t parts;
    int32_t part_step;    /* from the last row of a part of a window to the first of the next */
    int32_t channel_step; /* from a channel's windows to the next one's */
    int32_t filter_step;  /* from a channel's filter to the next one's */
    qmcu_output_channels channels;
    qmcu_output_limits limits;
    int8_t *outputs[4];
    int32_t count; /* channels, at least 1 */
    const uint32_t *columns;
    int32_t pairs; /* of taps; 0: not packed; QMCU_ADJACENT */
} qmcu_pixels;

/* Not packed, of one part and three taps, with channel_step and filter_step 1 and filter_row_step run:
   each window begins one step behind the one before. */
#if defined(__ARM_ARCH_6M__)
#define QMCU_ADJACENT 0
#else
#define QMCU_ADJACENT (-1)
#endif

/* Changes `pixels`. */
void qmcu_pixels_scalar(qmcu_pixels *pixels);

#endif
