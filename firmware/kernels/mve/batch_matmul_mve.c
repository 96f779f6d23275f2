/* batch_matmul for MVE: 16 products an instruction along k, or four columns that lie side by side. The
   left zero point is taken from each value or times the column's sum, the right one times the row's. */
#include "batch_matmul_mve.h"

#include "batch_matmul_code.h"

#include <arm_mve.h>

/* What the right zero point multiplies. */
static int32_t sum_of_row(const qmcu_batch_matmul_params *p, const int8_t *a)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < p->depth; ++k) {
        sum += a[k * p->left_step] - p->left_zero_point;
    }
    return sum;
}

/* From the sum of (left - left_zero) * right. */
static int8_t output_of(const qmcu_batch_matmul_params *p, uint32_t sum, int32_t all)
{
    sum -= (uint32_t)all * (uint32_t)p->right_zero_point;
    return qmcu_output_s8(sum, p->multiplier, p->shift, p->output_zero_point, INT8_MIN, INT8_MAX);
}

/* The sum of (left - left_zero) * right for one column. */
static uint32_t dot(const qmcu_batch_matmul_params *p, const int8_t *a, const int8_t *b)
{
    int32_t sum = 0;
    if (p->left_step == 1 && p->right_step == 1) {
        int32_t weights = 0;
        for (int32_t left = p->depth; left > 0; left -= 16, a += 16, b += 16) {
            const mve_pred16_t live = vctp8q((uint32_t)left);
            const int8x16_t y = vldrbq_z_s8(b, live);
            sum = vmladavaq_s8(sum, vldrbq_z_s8(a, live), y);
            weights = vaddvaq_s8(weights, y);
        }
        return (uint32_t)(sum - weights * p->left_zero_point);
    }
    for (int32_t k = 0; k < p->depth; ++k) {
        sum += (a[k * p->left_step] - p->left_zero_point) * b[k * p->right_step];
    }
    return (uint32_t)sum;
}

/* The same for four columns side by side. */
static void four(const qmcu_batch_matmul_params *p, const int8_t *a, const int8_t *b,
                 int32_t sums[4])
{
    const int32_t zero_point = p->left_zero_point, step = p->right_step;
    int32x4_t sum = vdupq_n_s32(0);
    for (int32_t k = 0; k < p->depth; ++k) {
        sum = vmlaq_n_s32(sum, vldrbq_s32(b), *a - zero_point);
        a += p->left_step;
        b += step;
    }
    vstrwq_s32(sums, sum);
}

static int8_t *product(const qmcu_batch_matmul_params *p, const int8_t *left, const int8_t *right,
                       int8_t *output)
{
    for (int32_t row = 0; row < p->rows; ++row) {
        const int8_t *const a = left + row * p->left_row_step;
        const int32_t all = sum_of_row(p, a);
        int32_t column = 0;
        if (p->right_column_step == 1) {
            for (; column + 4 <= p->columns; column += 4) {
                int32_t sums[4];
                four(p, a, right + column, sums);
                for (int32_t i = 0; i < 4; ++i) {
                    *output++ = output_of(p, (uint32_t)sums[i], all);
                }
            }
        }
        for (; column < p->columns; ++column) {
            const uint32_t sum = dot(p, a, right + column * p->right_column_step);
            *output++ = output_of(p, sum, all);
        }
    }
    return output;
}

void qmcu_batch_matmul_mve(const qmcu_batch_matmul_mve_params *params, const int8_t *left,
                           const int8_t *right, int8_t *output)
{
    qmcu_batch_matmul_by(params, left, right, output, product);
}
