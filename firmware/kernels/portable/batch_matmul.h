#ifndef QMCU_BATCH_MATMUL_H
#define QMCU_BATCH_MATMUL_H

#include <stdint.h>

#define QMCU_BATCH_MATMUL_BATCHES 3

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
    int32_t left_zero_point;
    int32_t right_zero_point;
    int32_t multiplier;
    int32_t shift;
    int32_t output_zero_point;
} qmcu_batch_matmul_params;

void qmcu_batch_matmul(const qmcu_batch_matmul_params *params, const int8_t *left,
                       const int8_t *right, int8_t *output);

#endif
