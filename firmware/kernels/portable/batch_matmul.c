/* Matrix products, one for each batch:
   output = clamp(requantize(sum of (left - left_zero) * (right - right_zero)) + output_zero). */
#include "batch_matmul.h"

#include "accumulate.h"

static int8_t *product(const qmcu_batch_matmul_params *p, const int8_t *left, const int8_t *right,
                       int8_t *output)
{
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t column = 0; column < p->columns; ++column) {
            const int8_t *a = left + row * p->left_row_step;
            const int8_t *b = right + column * p->right_column_step;
            uint32_t sum = 0;
            for (int32_t k = 0; k < p->depth; ++k) {
                sum += (uint32_t)((*a - p->left_zero_point) * (*b - p->right_zero_point));
                a += p->left_step;
                b += p->right_step;
            }
            *output++ = qmcu_output_s8(sum, p->multiplier, p->shift, p->output_zero_point, INT8_MIN,
                                       INT8_MAX);
        }
    }
    return output;
}

void qmcu_batch_matmul(const qmcu_batch_matmul_params *params, const int8_t *left,
                       const int8_t *right, int8_t *output)
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
