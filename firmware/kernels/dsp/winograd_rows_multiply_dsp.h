#ifndef QMCU_WINOGRAD_ROWS_MULTIPLY_DSP_H
#define QMCU_WINOGRAD_ROWS_MULTIPLY_DSP_H
#include "winograd_multiply_dsp.h"

/* Four pixels of a row by 4 filters; bias is 24 times the sum's (mod 2^32). */
typedef struct {
    int32_t skipped;     /* bytes of code, QMCU_WINOGRAD_STEP_CODE a step that is not taken */
    int32_t segment;     /* bytes of the values of a position */
    int32_t gap;         /* bytes from their end to those of the next position */
    const uint32_t *end; /* of the last position's gap */
    int32_t step;        /* from one pixel of the output to the next */
    const qmcu_winograd_filter *filters;
    int8_t *output;
} qmcu_winograd_row;

#define QMCU_WINOGRAD_ROW_POSITIONS 6
#define QMCU_WINOGRAD_ROW_STEPS 8 /* behind the first one, before its loop begins anew */

/* values: of each position, the last one first, steps of 4 words. weights: of each position, step
   and word the halfwords of 4 filters. */
void qmcu_winograd_rows_multiply_dsp(const uint32_t *values, const int16_t *weights,
                                     const qmcu_winograd_row *row);
#endif
