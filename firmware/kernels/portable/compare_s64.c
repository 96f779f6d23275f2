/* Whether a relation holds between two elements, with broadcasting. */
#include "compare_s64.h"

static uint32_t order(int64_t a, int64_t b)
{
    if (a < b) {
        return QMCU_IS_LESS;
    }
    return a > b ? QMCU_IS_GREATER : QMCU_IS_EQUAL;
}

void qmcu_compare_s64(const qmcu_compare_params *params, const int64_t *input1,
                      const int64_t *input2, uint8_t *output)
{
    const qmcu_binary_params *const p = &params->binary;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int64_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int64_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = ((uint32_t)params->relation & order(*a, *b)) != 0u;
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
