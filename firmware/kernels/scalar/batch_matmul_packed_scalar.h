#ifndef QMCU_BATCH_MATMUL_PACKED_SCALAR_H
#define QMCU_BATCH_MATMUL_PACKED_SCALAR_H

#include "batch_matmul_packed.h"

typedef qmcu_batch_matmul_packed_params qmcu_batch_matmul_packed_scalar_params;

/* As qmcu_batch_matmul; scratch has 8 bytes for each of depth. */
void qmcu_batch_matmul_packed_scalar(const qmcu_batch_matmul_packed_scalar_params *params,
                                     const int8_t *passing, const int8_t *packed, void *scratch,
                                     int8_t *output);

#endif
