/* Windows over the input rows that they span, which are kept with their padding in scratch: then no
   window has borders, and the output may go over the input. Windows that never leave the image may
   also be taken from where it lies; those of one pixel also from the last to the first, so that an
   output of more channels may begin where its input does. */
#ifndef QMCU_ROWS_SCALAR_H
#define QMCU_ROWS_SCALAR_H

#include "window.h"

/* The last fields of a layer's parameters. */
typedef struct {
    int32_t together;  /* output rows at a time, so that few pixels are left of their fours */
    int32_t count;     /* input rows that they span, (together - 1) * stride_height +
                          (kernel_height - 1) * dilation_height + 1; 0: taken from the image,
                          -1: from the last pixel of an image to its first */
    int32_t row_bytes; /* ((output_width - 1) * stride_width + (kernel_width - 1) * dilation_width +
                          1) * input_depth, rounded up to words but for one column; of an image as it
                          is */
} qmcu_rows;

/* Computes four output pixels of a layer; some may be the same. */
typedef void qmcu_four_pixels(const void *layer, const int8_t *const windows[4],
                              int8_t *const outputs[4]);

typedef struct {
    const qmcu_window *window;
    const qmcu_rows *rows;
    int32_t input_zero_point;
    int32_t output_depth;
    void *scratch; /* rows.count * rows.row_bytes */
    qmcu_four_pixels *compute;
    const void *layer;
} qmcu_row_walk;

void qmcu_walk_rows_scalar(const qmcu_row_walk *walk, const int8_t *input, int8_t *output);

#endif
