#ifndef QMCU_BATCH_MATMUL_PACKED_MVE_H
#define QMCU_BATCH_MATMUL_PACKED_MVE_H

#include "batch_matmul_packed.h"

typedef qmcu_batch_matmul_packed_params qmcu_batch_matmul_packed_mve_params;

/* As qmcu_batch_matmul; scratch has 64 bytes for each begun 16 of depth. */
void qmcu_batch_matmul_packed_mve(const qmcu_batch_matmul_packed_mve_params *params,
                                  const int8_t *passing, const int8_t *packed, void *scratch,
                                  int8_t *output);

#endif
