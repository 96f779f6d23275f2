#ifndef QMCU_MAX_POOL_2D_SCALAR_H
#define QMCU_MAX_POOL_2D_SCALAR_H

#include "pool.h"

typedef qmcu_pool_params qmcu_max_pool_2d_scalar_params;

/* As qmcu_max_pool_2d. */
void qmcu_max_pool_2d_scalar(const qmcu_max_pool_2d_scalar_params *params, const int8_t *input,
                             int8_t *output);

#endif
