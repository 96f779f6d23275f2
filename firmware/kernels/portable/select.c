/* output = condition ? input1 : input2, with broadcasting. */
#include "select.h"

#include <string.h>

/* Where a row begins in each operand; the size is a constant where this is called. */
static inline int8_t *select_row(const qmcu_select_params *p, const uint8_t *condition,
                                 const int8_t *a, const int8_t *b, int32_t size, int8_t *output)
{
    const int32_t last = QMCU_WALK_RANK - 1;
    for (int32_t i = 0; i < p->shape[last]; ++i) {
        memcpy(output, *condition != 0 ? a : b, (size_t)size);
        condition += p->condition_strides[last];
        a += p->strides1[last] * size;
        b += p->strides2[last] * size;
        output += size;
    }
    return output;
}

void qmcu_select(const qmcu_select_params *params, const uint8_t *condition, const int8_t *input1,
                 const int8_t *input2, int8_t *output)
{
    const qmcu_select_params *const p = params;
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const uint8_t *const c = condition + qmcu_walk_offset(&walk, p->condition_strides);
        const int8_t *const a = input1 + qmcu_walk_offset(&walk, p->strides1) * p->size;
        const int8_t *const b = input2 + qmcu_walk_offset(&walk, p->strides2) * p->size;
        if (p->size == 1) {
            output = select_row(p, c, a, b, 1, output);
        } else if (p->size == 2) {
            output = select_row(p, c, a, b, 2, output);
        } else {
            output = select_row(p, c, a, b, 4, output);
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
