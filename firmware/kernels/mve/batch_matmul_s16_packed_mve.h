#ifndef QMCU_BATCH_MATMUL_S16_PACKED_MVE_H
#define QMCU_BATCH_MATMUL_S16_PACKED_MVE_H

#include "batch_matmul_packed.h"

typedef qmcu_batch_matmul_packed_params qmcu_batch_matmul_s16_packed_mve_params;

/* As qmcu_batch_matmul_s16; scratch has 64 bytes for each begun eight of depth. */
void qmcu_batch_matmul_s16_packed_mve(const qmcu_batch_matmul_s16_packed_mve_params *params,
                                      const int16_t *passing, const int16_t *packed, void *scratch,
                                      int16_t *output);

#endif
