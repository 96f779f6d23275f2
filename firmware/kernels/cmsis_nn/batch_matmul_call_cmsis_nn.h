/* The structs that both of the library's matrix products take, from the parameters of ours. */
#ifndef QMCU_BATCH_MATMUL_CALL_CMSIS_NN_H
#define QMCU_BATCH_MATMUL_CALL_CMSIS_NN_H

#include "arm_nnfunctions.h"
#include "batch_matmul_cmsis_nn.h"

typedef struct {
    cmsis_nn_bmm_params settings;
    cmsis_nn_per_tensor_quant_params requantization;
    cmsis_nn_dims left;
    cmsis_nn_dims right;
    cmsis_nn_dims target;
} qmcu_batch_matmul_call;

static inline qmcu_batch_matmul_call
qmcu_batch_matmul_call_of(const qmcu_batch_matmul_cmsis_nn_params *p, int32_t multiplier,
                          int32_t minimum, int32_t maximum)
{
    return (qmcu_batch_matmul_call){
        .settings = {false,
                     false,
                     {.input_offset = -p->left_zero_point,
                      .filter_offset = -p->right_zero_point,
                      .output_offset = p->output_zero_point,
                      .activation = {minimum, maximum}}},
        .requantization = {multiplier, p->shift},
        .left = {p->left_matrices[0], p->left_matrices[1], p->rows, p->depth},
        .right = {p->right_matrices[0], p->right_matrices[1], p->columns, p->depth},
        .target = {p->batches[0], p->batches[1], p->rows, p->columns},
    };
}

/* Matrices [count][depth][rows] to [count][rows][depth] at `to`, which is where they then are. */
#define QMCU_TURNED(type, from, to, matrices, rows, depth)                    \
    do {                                                                      \
        const int32_t count = (matrices)[0] * (matrices)[1];                  \
        type *place = (to);                                                   \
        for (int32_t matrix = 0; matrix < count; ++matrix) {                  \
            for (int32_t row = 0; row < (rows); ++row) {                      \
                for (int32_t i = 0; i < (depth); ++i) {                       \
                    *place++ = (from)[(matrix * (depth) + i) * (rows) + row]; \
                }                                                             \
            }                                                                 \
        }                                                                     \
        (from) = (to);                                                        \
        (to) = place;                                                         \
    } while (0)

#endif
