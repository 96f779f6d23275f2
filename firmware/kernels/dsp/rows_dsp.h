/* Pairs of inputs with broadcasting by rows in which, where that can be, one of them is repeated. */
#ifndef QMCU_ROWS_DSP_H
#define QMCU_ROWS_DSP_H

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];
    int32_t strides[3][QMCU_WALK_RANK]; /* of both inputs and the output */
} qmcu_rows_dsp;

/* The rows of the output's shape. Where neither input is repeated along the last dimension but one of
   them is along that before, rows go along that: a row is a column then, and of the output and the
   input that is not repeated the step is the same. */
qmcu_rows_dsp qmcu_rows_of_dsp(const int32_t *shape, const int32_t *strides1,
                               const int32_t *strides2);

#endif
