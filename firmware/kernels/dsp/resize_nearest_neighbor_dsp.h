#ifndef QMCU_RESIZE_NEAREST_NEIGHBOR_DSP_H
#define QMCU_RESIZE_NEAREST_NEIGHBOR_DSP_H

#include "resize_nearest_neighbor.h"

typedef qmcu_resize_nearest_neighbor_params qmcu_resize_nearest_neighbor_dsp_params;

/* As qmcu_resize_nearest_neighbor. */
void qmcu_resize_nearest_neighbor_dsp(const qmcu_resize_nearest_neighbor_dsp_params *params,
                                      const int8_t *input, const int16_t *rows,
                                      const int16_t *columns, int8_t *output);

#endif
