/* A slice that begins where `begin` says, moved to where it fits. */
#include "slice.h"

#include <string.h>

static int32_t begin_of(const qmcu_slice_params *params, const int8_t *begin, int32_t d)
{
    const int64_t room = params->room[QMCU_WALK_RANK - params->dimensions + d];
    int64_t first = 0;
    if (params->wide != 0) {
        memcpy(&first, begin + 8 * d, 8);
    } else {
        int32_t narrow;
        memcpy(&narrow, begin + 4 * d, 4);
        first = narrow;
    }
    if (first < 0) {
        return 0;
    }
    return (int32_t)(first < room ? first : room);
}

void qmcu_slice(const qmcu_slice_params *params, const int8_t *input, const int8_t *begin,
                int8_t *output)
{
    const qmcu_slice_params *const p = params;
    for (int32_t d = 0; d < p->dimensions; ++d) {
        input += begin_of(p, begin, d) * p->strides[QMCU_WALK_RANK - p->dimensions + d];
    }
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        memcpy(output, input + qmcu_walk_offset(&walk, p->strides), (size_t)length);
        output += length;
    } while (qmcu_walk_next(&walk, p->shape));
}
