/* Matrix products, one for each batch:
   output = clamp(requantize(sum of (left - left_zero) * (right - right_zero)) + output_zero). */
#ifndef QMCU_BATCH_MATMUL_CODE_H
#define QMCU_BATCH_MATMUL_CODE_H

#include "batch_matmul.h"
#include "accumulate.h"

/* The product of one batch; gives back where the next one goes. */
typedef int8_t *qmcu_matmul_function(const qmcu_batch_matmul_params *p, const int8_t *left,
                                     const int8_t *right, int8_t *output);

static inline __attribute__((always_inline)) void
qmcu_batch_matmul_by(const qmcu_batch_matmul_params *params, const int8_t *left,
                     const int8_t *right, int8_t *output, qmcu_matmul_function *product)
{
    const qmcu_batch_matmul_params *const p = params;
    const int32_t *const l = p->left_batch_steps;
    const int32_t *const r = p->right_batch_steps;
    for (int32_t i = 0; i < p->batches[0]; ++i) {
        for (int32_t j = 0; j < p->batches[1]; ++j) {
            for (int32_t k = 0; k < p->batches[2]; ++k) {
                output = product(p, left + i * l[0] + j * l[1] + k * l[2],
                                 right + i * r[0] + j * r[1] + k * r[2], output);
            }
        }
    }
}

#endif
