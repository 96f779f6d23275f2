#ifndef QMCU_RESIZE_NEAREST_NEIGHBOR_MVE_H
#define QMCU_RESIZE_NEAREST_NEIGHBOR_MVE_H

#include "resize_nearest_neighbor.h"

typedef qmcu_resize_nearest_neighbor_params qmcu_resize_nearest_neighbor_mve_params;

/* As qmcu_resize_nearest_neighbor. */
void qmcu_resize_nearest_neighbor_mve(const qmcu_resize_nearest_neighbor_mve_params *params,
                                      const int8_t *input, const int16_t *rows,
                                      const int16_t *columns, int8_t *output);

#endif
