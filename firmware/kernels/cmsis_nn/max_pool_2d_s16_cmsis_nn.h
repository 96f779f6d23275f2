#ifndef QMCU_MAX_POOL_2D_S16_CMSIS_NN_H
#define QMCU_MAX_POOL_2D_S16_CMSIS_NN_H

#include "pool.h"

typedef qmcu_pool_params qmcu_max_pool_2d_s16_cmsis_nn_params;

/* max_pool_2d_s16.h by CMSIS-NN. */
void qmcu_max_pool_2d_s16_cmsis_nn(const qmcu_max_pool_2d_s16_cmsis_nn_params *params,
                                   const int16_t *input, int16_t *output);

#endif
