/* Matrix products of real numbers, one for each batch; sums in the order of the inputs. */
#include "batch_matmul_f32.h"

static float *product(const qmcu_batch_matmul_f32_params *p, const float *left, const float *right,
                      float *output)
{
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t column = 0; column < p->columns; ++column) {
            const float *a = left + row * p->left_row_step;
            const float *b = right + column * p->right_column_step;
            float sum = 0.0f;
            for (int32_t k = 0; k < p->depth; ++k) {
                sum += *a * *b;
                a += p->left_step;
                b += p->right_step;
            }
            *output++ = sum;
        }
    }
    return output;
}

void qmcu_batch_matmul_f32(const qmcu_batch_matmul_f32_params *params, const float *left,
                           const float *right, float *output)
{
    const qmcu_batch_matmul_f32_params *const p = params;
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
