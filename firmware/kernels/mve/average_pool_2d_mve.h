#ifndef QMCU_AVERAGE_POOL_2D_MVE_H
#define QMCU_AVERAGE_POOL_2D_MVE_H

#include "average_pool_2d.h"

typedef qmcu_average_pool_2d_params qmcu_average_pool_2d_mve_params;

/* average_pool_2d of windows of at most 127 pixels. Up to seven bytes behind the input are read. */
void qmcu_average_pool_2d_mve(const qmcu_average_pool_2d_mve_params *params, const int8_t *input,
                              int8_t *output);

#endif
