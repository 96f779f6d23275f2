#ifndef QMCU_BATCH_MATMUL_PACKED_DSP_H
#define QMCU_BATCH_MATMUL_PACKED_DSP_H

#include "batch_matmul_packed.h"

typedef qmcu_batch_matmul_packed_params qmcu_batch_matmul_packed_dsp_params;

/* As qmcu_batch_matmul. Up to 3 bytes behind `passing` may be loaded; scratch has 16 bytes for each
   begun four of depth. Sums are below 2^30 after the shift. */
void qmcu_batch_matmul_packed_dsp(const qmcu_batch_matmul_packed_dsp_params *params,
                                  const int8_t *passing, const int8_t *packed, void *scratch,
                                  int8_t *output);

#endif
