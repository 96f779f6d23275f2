#ifndef QMCU_MAX_POOL_2D_CMSIS_NN_H
#define QMCU_MAX_POOL_2D_CMSIS_NN_H

#include "pool.h"

typedef qmcu_pool_params qmcu_max_pool_2d_cmsis_nn_params;

/* max_pool_2d.h by CMSIS-NN. */
void qmcu_max_pool_2d_cmsis_nn(const qmcu_max_pool_2d_cmsis_nn_params *params, const int8_t *input,
                               int8_t *output);

#endif
