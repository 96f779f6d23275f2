/* strided_copy for elements of more than one byte, which lie apart in the input. */
#include "strided_copy_wide.h"

#include <string.h>

/* Elements from `step` to `step` to every `apart` one. The size is a constant where this is called, so an
   element is a load and a store. */
static inline void copy_row(const int8_t *from, int32_t step, int32_t count, size_t size,
                            int8_t *to, int32_t apart)
{
    const int32_t end = count * apart;
    for (int32_t at = 0; at != end; at += apart, from += step) {
        memcpy(to + at, from, size);
    }
}

/* The rows of the last two dimensions, or, where these are short, their columns. */
static inline int8_t *copy_rows(const qmcu_strided_copy_wide_params *p, const int8_t *from,
                                size_t size, int8_t *output)
{
    const int32_t length = p->shape[QMCU_WALK_RANK - 1], rows = p->shape[QMCU_WALK_RANK - 2];
    const int32_t step = p->strides[QMCU_WALK_RANK - 1], below = p->strides[QMCU_WALK_RANK - 2];
    const int32_t row = length * (int32_t)size;
    if (length < rows) {
        for (int32_t i = 0; i < length; ++i, from += step) {
            copy_row(from, below, rows, size, output + i * (int32_t)size, row);
        }
        return output + rows * row;
    }
    for (int32_t i = 0; i < rows; ++i, from += below, output += row) {
        copy_row(from, step, length, size, output, (int32_t)size);
    }
    return output;
}

void qmcu_strided_copy_wide(const qmcu_strided_copy_wide_params *params, const int8_t *input,
                            int8_t *output)
{
    const qmcu_strided_copy_wide_params *const p = params;
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *const from = input + p->start + qmcu_walk_offset(&walk, p->strides);
        if (p->size == 2) {
            output = copy_rows(p, from, 2, output);
        } else if (p->size == 4) {
            output = copy_rows(p, from, 4, output);
        } else {
            output = copy_rows(p, from, 8, output);
        }
        walk.at[QMCU_WALK_RANK - 2] = p->shape[QMCU_WALK_RANK - 2] - 1;
    } while (qmcu_walk_next(&walk, p->shape));
}
