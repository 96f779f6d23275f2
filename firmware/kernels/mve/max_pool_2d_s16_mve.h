#ifndef QMCU_MAX_POOL_2D_S16_MVE_H
#define QMCU_MAX_POOL_2D_S16_MVE_H

#include "pool.h"

typedef qmcu_pool_params qmcu_max_pool_2d_s16_mve_params;

/* input and output NHWC. */
void qmcu_max_pool_2d_s16_mve(const qmcu_max_pool_2d_s16_mve_params *params, const int16_t *input,
                              int16_t *output);

#endif
