/* select for elements of eight bytes. */
#include "select_wide.h"

#include <string.h>

void qmcu_select_wide(const qmcu_select_wide_params *params, const uint8_t *condition,
                      const int8_t *input1, const int8_t *input2, int8_t *output)
{
    const qmcu_select_wide_params *const p = params;
    const int32_t last = QMCU_WALK_RANK - 1;
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const uint8_t *c = condition + qmcu_walk_offset(&walk, p->condition_strides);
        const int8_t *a = input1 + qmcu_walk_offset(&walk, p->strides1) * 8;
        const int8_t *b = input2 + qmcu_walk_offset(&walk, p->strides2) * 8;
        for (int32_t i = 0; i < p->shape[last]; ++i) {
            memcpy(output, *c != 0 ? a : b, 8);
            c += p->condition_strides[last];
            a += p->strides1[last] * 8;
            b += p->strides2[last] * 8;
            output += 8;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
