/* Transposition and slicing:
   output[i0][i1]... = input[start + i0 * strides[0] + i1 * strides[1] + ...]. */
#include "strided_copy.h"

#include <string.h>

void qmcu_strided_copy(const qmcu_strided_copy_params *params, const int8_t *input, int8_t *output)
{
    const qmcu_strided_copy_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step = p->strides[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *const row = input + p->start + qmcu_walk_offset(&walk, p->strides);
        if (step == 1) {
            memcpy(output, row, (size_t)length);
        } else {
            for (int32_t i = 0; i < length; ++i) {
                output[i] = row[i * step];
            }
        }
        output += length;
    } while (qmcu_walk_next(&walk, p->shape));
}
