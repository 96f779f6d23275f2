/* dynamic_update_slice with starts of 64 bits. */
#include "dynamic_update_slice_s64.h"

#include <string.h>

static int32_t within(int64_t start, int32_t room)
{
    if (start < 0) {
        return 0;
    }
    return start < room ? (int32_t)start : room;
}

void qmcu_dynamic_update_slice_s64(const qmcu_dynamic_update_slice_params *params,
                                   const int8_t *input, const int8_t *update, const int64_t *starts,
                                   int8_t *output)
{
    const qmcu_dynamic_update_slice_params *const p = params;
    if (output != input) {
        memcpy(output, input, (size_t)p->size);
    }
    const int32_t missing = QMCU_WALK_RANK - p->dimensions;
    for (int32_t d = 0; d < p->dimensions; ++d) {
        output += within(starts[d], p->room[missing + d]) * p->steps[missing + d];
    }
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        memcpy(output + qmcu_walk_offset(&walk, p->strides), update, (size_t)length);
        update += length;
    } while (qmcu_walk_next(&walk, p->shape));
}
