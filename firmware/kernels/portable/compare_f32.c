/* Whether a relation holds between two elements, with broadcasting. */
#include "compare_f32.h"

static uint32_t order(float a, float b)
{
    if (a < b) {
        return QMCU_IS_LESS;
    }
    if (a > b) {
        return QMCU_IS_GREATER;
    }
    return a == b ? QMCU_IS_EQUAL : QMCU_IS_UNORDERED;
}

void qmcu_compare_f32(const qmcu_compare_params *params, const float *input1, const float *input2,
                      uint8_t *output)
{
    const qmcu_binary_params *const p = &params->binary;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const float *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const float *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = ((uint32_t)params->relation & order(*a, *b)) != 0u;
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
