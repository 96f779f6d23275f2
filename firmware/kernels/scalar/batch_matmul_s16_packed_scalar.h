#ifndef QMCU_BATCH_MATMUL_S16_PACKED_SCALAR_H
#define QMCU_BATCH_MATMUL_S16_PACKED_SCALAR_H

#include "batch_matmul_packed.h"

typedef qmcu_batch_matmul_packed_params qmcu_batch_matmul_s16_packed_scalar_params;

/* As qmcu_batch_matmul_s16; scratch has 8 bytes for each of depth. */
void qmcu_batch_matmul_s16_packed_scalar(const qmcu_batch_matmul_s16_packed_scalar_params *params,
                                         const int16_t *passing, const int16_t *packed,
                                         void *scratch, int16_t *output);

#endif
