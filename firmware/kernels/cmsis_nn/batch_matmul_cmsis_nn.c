#include "batch_matmul_cmsis_nn.h"

#include "batch_matmul_call_cmsis_nn.h"

void qmcu_batch_matmul_cmsis_nn(const qmcu_batch_matmul_cmsis_nn_params *params, const int8_t *left,
                                const int8_t *right, void *scratch, int8_t *output)
{
    const qmcu_batch_matmul_cmsis_nn_params *const p = params;
    const cmsis_nn_context context = {scratch, 0};
    const qmcu_batch_matmul_call c =
        qmcu_batch_matmul_call_of(p, p->multiplier, INT8_MIN, INT8_MAX);
    int8_t *turned = (int8_t *)((int32_t *)scratch + p->columns);
    if (p->left_turned) {
        QMCU_TURNED(int8_t, left, turned, p->left_matrices, p->rows, p->depth);
    }
    if (p->right_turned) {
        QMCU_TURNED(int8_t, right, turned, p->right_matrices, p->columns, p->depth);
    }
    (void)arm_batch_matmul_s8(&context, &c.settings, &c.requantization, &c.left, left, &c.right,
                              right, &c.target, output);
}
