/* Rows of matrix products by single columns and by four that lie side by side. The sums that these give
   have the left zero point taken off; the right one comes off here, times the row's sum. */
#ifndef QMCU_BATCH_MATMUL_COLUMNS_H
#define QMCU_BATCH_MATMUL_COLUMNS_H

#include "batch_matmul_code.h"

/* The sum of (left - left_zero) * right for one column. */
typedef uint32_t qmcu_matmul_dot(const qmcu_batch_matmul_params *p, const int8_t *a,
                                 const int8_t *b);

/* The same for four columns side by side. */
typedef void qmcu_matmul_four(const qmcu_batch_matmul_params *p, const int8_t *a, const int8_t *b,
                              int32_t sums[4]);

/* What the right zero point multiplies. */
static inline int32_t qmcu_matmul_sum_of_row(const qmcu_batch_matmul_params *p, const int8_t *a)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < p->depth; ++k) {
        sum += a[k * p->left_step] - p->left_zero_point;
    }
    return sum;
}

/* From the sum of (left - left_zero) * right. */
static inline int8_t qmcu_matmul_output(const qmcu_batch_matmul_params *p, uint32_t sum,
                                        int32_t all)
{
    sum -= (uint32_t)all * (uint32_t)p->right_zero_point;
    return qmcu_output_s8(sum, p->multiplier, p->shift, p->output_zero_point, INT8_MIN, INT8_MAX);
}

static inline __attribute__((always_inline)) int8_t *
qmcu_matmul_rows(const qmcu_batch_matmul_params *p, const int8_t *left, const int8_t *right,
                 int8_t *output, qmcu_matmul_dot *dot, qmcu_matmul_four *four)
{
    for (int32_t row = 0; row < p->rows; ++row) {
        const int8_t *const a = left + row * p->left_row_step;
        const int32_t all = qmcu_matmul_sum_of_row(p, a);
        int32_t column = 0;
        if (p->right_column_step == 1) {
            for (; column + 4 <= p->columns; column += 4) {
                int32_t sums[4];
                four(p, a, right + column, sums);
                for (int32_t i = 0; i < 4; ++i) {
                    *output++ = qmcu_matmul_output(p, (uint32_t)sums[i], all);
                }
            }
        }
        for (; column < p->columns; ++column) {
            const uint32_t sum = dot(p, a, right + column * p->right_column_step);
            *output++ = qmcu_matmul_output(p, sum, all);
        }
    }
    return output;
}

#endif
