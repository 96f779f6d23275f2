#ifndef QMCU_MAX_POOL_2D_S16_H
#define QMCU_MAX_POOL_2D_S16_H

#include "pool.h"

typedef qmcu_pool_params qmcu_max_pool_2d_s16_params;

/* input and output NHWC. */
void qmcu_max_pool_2d_s16(const qmcu_max_pool_2d_s16_params *params, const int16_t *input,
                          int16_t *output);

#endif
