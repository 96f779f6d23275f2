#ifndef QMCU_AVERAGE_POOL_2D_CMSIS_NN_H
#define QMCU_AVERAGE_POOL_2D_CMSIS_NN_H

#include "pool.h"

typedef qmcu_pool_params qmcu_average_pool_2d_cmsis_nn_params;

/* average_pool_2d.h by CMSIS-NN. */
void qmcu_average_pool_2d_cmsis_nn(const qmcu_average_pool_2d_cmsis_nn_params *params,
                                   const int8_t *input, void *scratch, int8_t *output);

#endif
