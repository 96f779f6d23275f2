/* Matrix products of int16, one for each batch: output = clamp(requantize(sum of left * right)),
   with sums in 64 bits and rounding half up. What is clamped is modulo 2^32, as the interpreter's. */
#include "batch_matmul_s16.h"

#include "accumulate_s16.h"

static int16_t scaled(const qmcu_batch_matmul_params *p, int64_t sum)
{
    const int32_t value = qmcu_requantize_s64(sum, p->multiplier, p->shift);
    return qmcu_clamp_s16(value, INT16_MIN, INT16_MAX);
}

static int16_t *product(const qmcu_batch_matmul_params *p, const int16_t *left,
                        const int16_t *right, int16_t *output)
{
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t column = 0; column < p->columns; ++column) {
            const int16_t *a = left + row * p->left_row_step;
            const int16_t *b = right + column * p->right_column_step;
            int64_t sum = 0;
            for (int32_t k = 0; k < p->depth; ++k) {
                sum += *a * *b;
                a += p->left_step;
                b += p->right_step;
            }
            *output++ = scaled(p, sum);
        }
    }
    return output;
}

void qmcu_batch_matmul_s16(const qmcu_batch_matmul_params *params, const int16_t *left,
                           const int16_t *right, int16_t *output)
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
