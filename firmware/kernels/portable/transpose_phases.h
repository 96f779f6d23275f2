/* The phases of a transposed convolution: outputs whose positions have the same remainder by the strides
   are a convolution with every stride-th tap, of which the last meets the first input. */
#ifndef QMCU_TRANSPOSE_PHASES_H
#define QMCU_TRANSPOSE_PHASES_H

#include "window.h"

typedef struct {
    qmcu_window window; /* which slides over the output, by strides of no more than its taps */
    int32_t input_zero_point; /* what is beyond the input */
    int32_t rows;             /* of a phase that are computed at a time */
    int32_t staged;           /* where in scratch these are, row by row, in bytes from its begin */
} qmcu_transpose_phases;

/* The taps of a phase along an axis. */
static inline int32_t qmcu_taps_of_phase(int32_t phase, int32_t taps, int32_t stride)
{
    return (taps - phase + stride - 1) / stride;
}

/* The first output of a phase. */
static inline int32_t qmcu_first_of_phase(int32_t phase, int32_t padding, int32_t stride)
{
    return (phase - padding % stride + stride) % stride;
}

#endif
