#ifndef QMCU_BATCH_MATMUL_S16_CMSIS_NN_H
#define QMCU_BATCH_MATMUL_S16_CMSIS_NN_H

#include "batch_matmul_cmsis_nn.h"

typedef qmcu_batch_matmul_cmsis_nn_params qmcu_batch_matmul_s16_cmsis_nn_params;

/* batch_matmul_s16.h by CMSIS-NN; scratch as for qmcu_batch_matmul_cmsis_nn. */
void qmcu_batch_matmul_s16_cmsis_nn(const qmcu_batch_matmul_s16_cmsis_nn_params *params,
                                    const int16_t *left, const int16_t *right, void *scratch,
                                    int16_t *output);

#endif
