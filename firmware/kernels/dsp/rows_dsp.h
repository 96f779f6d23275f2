/* Pairs of inputs with broadcasting by rows in which, where that can be, one of them is repeated: along
   some dimension, which the compiler has put last. */
#ifndef QMCU_ROWS_DSP_H
#define QMCU_ROWS_DSP_H

#include "walk.h"

/* The strides of an output whose last dimension and the one `along` changed places in `shape`. */
void qmcu_output_strides_dsp(const int32_t *shape, int32_t along, int32_t *strides);

#endif
