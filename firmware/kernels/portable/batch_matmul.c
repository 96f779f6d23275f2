#include "batch_matmul.h"

#include "batch_matmul_code.h"

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
    qmcu_batch_matmul_by(params, left, right, output, product);
}
