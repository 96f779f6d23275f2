/* Either truth, with broadcasting. */
#include "logical_or.h"

void qmcu_logical_or(const qmcu_binary_params *params, const uint8_t *input1, const uint8_t *input2,
                     uint8_t *output)
{
    const qmcu_binary_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const uint8_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const uint8_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = *a != 0u || *b != 0u;
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
