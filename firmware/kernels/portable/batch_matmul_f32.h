#ifndef QMCU_BATCH_MATMUL_F32_H
#define QMCU_BATCH_MATMUL_F32_H

#include <stdint.h>

#include "batch_matmul.h"

/* output[batch][row][column] = sum over k of left[batch][row][k] * right[batch][k][column]; steps
   are the distances of neighbours along each, in elements, 0 where a batch is repeated. */
typedef struct {
    int32_t batches[QMCU_BATCH_MATMUL_BATCHES];
    int32_t left_batch_steps[QMCU_BATCH_MATMUL_BATCHES];
    int32_t right_batch_steps[QMCU_BATCH_MATMUL_BATCHES];
    int32_t rows;
    int32_t columns;
    int32_t depth;
    int32_t left_row_step;
    int32_t left_step; /* along k */
    int32_t right_column_step;
    int32_t right_step; /* along k */
} qmcu_batch_matmul_f32_params;

void qmcu_batch_matmul_f32(const qmcu_batch_matmul_f32_params *params, const float *left,
                           const float *right, float *output);

#endif
