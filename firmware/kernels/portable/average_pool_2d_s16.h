#ifndef QMCU_AVERAGE_POOL_2D_S16_H
#define QMCU_AVERAGE_POOL_2D_S16_H

#include "pool.h"

typedef qmcu_pool_params qmcu_average_pool_2d_s16_params;

/* input and output NHWC. */
void qmcu_average_pool_2d_s16(const qmcu_average_pool_2d_s16_params *params, const int16_t *input,
                              int16_t *output);

#endif
