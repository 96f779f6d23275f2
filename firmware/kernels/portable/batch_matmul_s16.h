#ifndef QMCU_BATCH_MATMUL_S16_H
#define QMCU_BATCH_MATMUL_S16_H

#include "batch_matmul.h"

/* Zero points are 0; the multiplier has 16 bits, so is sum * multiplier * 2^(shift - 15). */
void qmcu_batch_matmul_s16(const qmcu_batch_matmul_params *params, const int16_t *left,
                           const int16_t *right, int16_t *output);

#endif
