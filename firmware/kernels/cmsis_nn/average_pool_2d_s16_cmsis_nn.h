#ifndef QMCU_AVERAGE_POOL_2D_S16_CMSIS_NN_H
#define QMCU_AVERAGE_POOL_2D_S16_CMSIS_NN_H

#include "pool.h"

typedef qmcu_pool_params qmcu_average_pool_2d_s16_cmsis_nn_params;

/* average_pool_2d_s16.h by CMSIS-NN. */
void qmcu_average_pool_2d_s16_cmsis_nn(const qmcu_average_pool_2d_s16_cmsis_nn_params *params,
                                       const int16_t *input, void *scratch, int16_t *output);

#endif
