#ifndef QMCU_AVERAGE_POOL_2D_H
#define QMCU_AVERAGE_POOL_2D_H

#include "pool.h"

typedef qmcu_pool_params qmcu_average_pool_2d_params;

/* input and output NHWC */
void qmcu_average_pool_2d(const qmcu_average_pool_2d_params *params, const int8_t *input,
                          int8_t *output);

#endif
