#ifndef QMCU_BATCH_MATMUL_PACKED_H
#define QMCU_BATCH_MATMUL_PACKED_H

#include <stdint.h>

#include "batch_matmul.h"

/* One side, right or left, is packed some vectors at a time; vectors of the other pass by them. */
typedef struct {
    int32_t batches[QMCU_BATCH_MATMUL_BATCHES];
    int32_t passing_batch_steps[QMCU_BATCH_MATMUL_BATCHES];
    int32_t packed_batch_steps[QMCU_BATCH_MATMUL_BATCHES];
    int32_t passing; /* vectors in a matrix */
    int32_t packed;
    int32_t depth;
    int32_t passing_vector_step; /* distances in elements */
    int32_t passing_step;        /* along k: 1 for the DSP extension and MVE */
    int32_t packed_vector_step;
    int32_t packed_step; /* along k */
    int32_t passing_output_step;
    int32_t packed_output_step;
    int32_t passing_zero_point;
    int32_t packed_zero_point;
    int32_t multiplier;
    int32_t shift;
    int32_t output_zero_point;
    /* The same as mul_dsp.h has them, where that is exact: for the DSP extension. */
    int32_t left;
    int32_t rounding;
    int32_t right;
} qmcu_batch_matmul_packed_params;

#endif
