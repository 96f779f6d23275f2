#ifndef QMCU_BATCH_MATMUL_CMSIS_NN_H
#define QMCU_BATCH_MATMUL_CMSIS_NN_H

#include <stdint.h>

/* Of matrices [left_matrices[0]][left_matrices[1]][rows][depth], or [depth][rows] where turned, and
   likewise right [columns][depth]; of 1 one serves for all. */
typedef struct {
    int32_t left_matrices[2];
    int32_t right_matrices[2];
    int32_t batches[2];
    int32_t rows;
    int32_t columns;
    int32_t depth;
    int32_t left_turned;
    int32_t right_turned;
    int32_t left_zero_point;
    int32_t right_zero_point;
    int32_t multiplier;
    int32_t shift;
    int32_t output_zero_point;
} qmcu_batch_matmul_cmsis_nn_params;

/* batch_matmul.h by CMSIS-NN, which wants both sides by rows of depth: turned ones are copied to
   scratch first, as TFLM does, left before right, behind int32_t [columns]. */
void qmcu_batch_matmul_cmsis_nn(const qmcu_batch_matmul_cmsis_nn_params *params, const int8_t *left,
                                const int8_t *right, void *scratch, int8_t *output);

#endif
