/* Elementwise minimum; input2 of two that are equal, with broadcasting. */
#include "minimum_s32.h"

void qmcu_minimum_s32(const qmcu_binary_params *params, const int32_t *input1,
                      const int32_t *input2, int32_t *output)
{
    const qmcu_binary_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int32_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int32_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = *a < *b ? *a : *b;
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
