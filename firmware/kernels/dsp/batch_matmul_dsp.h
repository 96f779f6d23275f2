#ifndef QMCU_BATCH_MATMUL_DSP_H
#define QMCU_BATCH_MATMUL_DSP_H

#include "batch_matmul.h"

typedef qmcu_batch_matmul_params qmcu_batch_matmul_dsp_params;

/* As qmcu_batch_matmul, for a depth below 2^16. */
void qmcu_batch_matmul_dsp(const qmcu_batch_matmul_dsp_params *params, const int8_t *left,
                           const int8_t *right, int8_t *output);

#endif
