/* The input with one part of it replaced, which begins where `starts` says, moved to where it
   fits. */
#include "dynamic_update_slice.h"

#include <string.h>

static int32_t within(int32_t start, int32_t room)
{
    if (start < 0) {
        return 0;
    }
    return start < room ? start : room;
}

void qmcu_dynamic_update_slice(const qmcu_dynamic_update_slice_params *params, const int8_t *input,
                               const int8_t *update, const int32_t *starts, int8_t *output)
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
