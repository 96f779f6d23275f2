/* batch_matmul for MVE: 16 products an instruction along k, or four columns that lie side by side. The
   left zero point is taken from each value or times the column's sum, the right one times the row's. */
#include "batch_matmul_mve.h"

#include "batch_matmul_columns.h"

#include <arm_mve.h>

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
    return qmcu_matmul_rows(p, left, right, output, dot, four);
}

void qmcu_batch_matmul_mve(const qmcu_batch_matmul_mve_params *params, const int8_t *left,
                           const int8_t *right, int8_t *output)
{
    qmcu_batch_matmul_by(params, left, right, output, product);
}
