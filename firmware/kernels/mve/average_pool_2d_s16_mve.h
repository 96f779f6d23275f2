#ifndef QMCU_AVERAGE_POOL_2D_S16_MVE_H
#define QMCU_AVERAGE_POOL_2D_S16_MVE_H

#include "pool.h"

typedef qmcu_pool_params qmcu_average_pool_2d_s16_mve_params;

/* qmcu_average_pool_2d_s16 of windows of at most 127 pixels. */
void qmcu_average_pool_2d_s16_mve(const qmcu_average_pool_2d_s16_mve_params *params,
                                  const int16_t *input, int16_t *output);

#endif
