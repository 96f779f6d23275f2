#include "output_strides.h"

#define LAST (QMCU_WALK_RANK - 1)

void qmcu_output_strides(const int32_t *shape, int32_t along, int32_t *strides)
{
    int32_t size = 1;
    for (int32_t d = LAST; d >= 0; --d) {
        const int32_t now = d == LAST ? along : d == along ? LAST : d;
        strides[now] = size;
        size *= shape[now];
    }
}
