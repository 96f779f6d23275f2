/* strided_copy for elements of more than one byte, which lie apart in the input. */
#include "strided_copy_wide.h"

#include <string.h>

/* The size is a constant where this is called, so an element is a load and a store. */
static inline int8_t *copy_row(const int8_t *row, int32_t length, int32_t step, size_t size,
                               int8_t *output)
{
    for (int32_t i = 0; i < length; ++i) {
        memcpy(output, row, size);
        row += step;
        output += size;
    }
    return output;
}

void qmcu_strided_copy_wide(const qmcu_strided_copy_wide_params *params, const int8_t *input,
                            int8_t *output)
{
    const qmcu_strided_copy_wide_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step = p->strides[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *const row = input + p->start + qmcu_walk_offset(&walk, p->strides);
        if (p->size == 2) {
            output = copy_row(row, length, step, 2, output);
        } else if (p->size == 4) {
            output = copy_row(row, length, step, 4, output);
        } else {
            output = copy_row(row, length, step, 8, output);
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
