#ifndef QMCU_OUTPUT_STRIDES_H
#define QMCU_OUTPUT_STRIDES_H

#include "walk.h"

/* The strides of an output whose last dimension and the one `along` changed places in `shape`. */
void qmcu_output_strides(const int32_t *shape, int32_t along, int32_t *strides);

#endif
