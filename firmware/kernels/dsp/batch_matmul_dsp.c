/* batch_matmul for the DSP extension: two products an instruction, along k or of four columns that lie
   side by side. The left zero point is taken from each value, the right one times the row's sum. */
#include "batch_matmul_dsp.h"

#include "batch_matmul_columns.h"
#include "dsp.h"

/* The sum of (left - left_zero) * right for one column. */
static uint32_t dot(const qmcu_batch_matmul_params *p, const int8_t *a, const int8_t *b)
{
    const int32_t zero_point = p->left_zero_point, step = p->right_step;
    int32_t left = p->depth;
    int32_t sum = 0;
    if (p->left_step == 1 && step == 1) {
        int32_t weights = 0;
        for (; left >= 4; left -= 4, a += 4, b += 4) {
            const uint32_t x = qmcu_load_word(a), y = qmcu_load_word(b);
            const uint32_t even = qmcu_sxtb16(y), odd = qmcu_sxtb16_odd(y);
            sum = qmcu_smlad(qmcu_sxtb16(x), even, sum);
            weights = qmcu_smlad(even, 0x10001u, weights);
            sum = qmcu_smlad(qmcu_sxtb16_odd(x), odd, sum);
            weights = qmcu_smlad(odd, 0x10001u, weights);
        }
        sum -= weights * zero_point;
    }
    for (; left > 0; --left) {
        sum += (*a - zero_point) * *b;
        a += p->left_step;
        b += step;
    }
    return (uint32_t)sum;
}

/* The same for four columns side by side, two values of k at a time. */
static void four(const qmcu_batch_matmul_params *p, const int8_t *a, const int8_t *b,
                 int32_t sums[4])
{
    const int32_t zero_point = p->left_zero_point, step = p->right_step, a_step = p->left_step;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    int32_t left = p->depth;
    for (; left >= 2; left -= 2, a += 2 * a_step, b += 2 * step) {
        const uint32_t x =
            qmcu_pack_low((uint32_t)(a[0] - zero_point), (uint32_t)(a[a_step] - zero_point));
        const uint32_t y = qmcu_load_word(b), z = qmcu_load_word(b + step);
        const uint32_t y_even = qmcu_sxtb16(y), z_even = qmcu_sxtb16(z);
        const uint32_t y_odd = qmcu_sxtb16_odd(y), z_odd = qmcu_sxtb16_odd(z);
        s0 = qmcu_smlad(x, qmcu_pack_low(y_even, z_even), s0);
        s1 = qmcu_smlad(x, qmcu_pack_low(y_odd, z_odd), s1);
        s2 = qmcu_smlad(x, qmcu_pack_high(y_even, z_even), s2);
        s3 = qmcu_smlad(x, qmcu_pack_high(y_odd, z_odd), s3);
    }
    if (left > 0) {
        const int32_t x = *a - zero_point;
        s0 += x * b[0];
        s1 += x * b[1];
        s2 += x * b[2];
        s3 += x * b[3];
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

static int8_t *product(const qmcu_batch_matmul_params *p, const int8_t *left, const int8_t *right,
                       int8_t *output)
{
    return qmcu_matmul_rows(p, left, right, output, dot, four);
}

void qmcu_batch_matmul_dsp(const qmcu_batch_matmul_dsp_params *params, const int8_t *left,
                           const int8_t *right, int8_t *output)
{
    qmcu_batch_matmul_by(params, left, right, output, product);
}
