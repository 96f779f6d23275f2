/* Which taps of a pool's window lie inside the image. */
#ifndef QMCU_POOL_MVE_H
#define QMCU_POOL_MVE_H

#include "uses_mve.h"
#include "window.h"

static inline qmcu_taps qmcu_pool_taps(int32_t origin, int32_t count, int32_t size)
{
    const qmcu_taps all = {0, count};
    if (QMCU_USES_POOL_BORDERS) {
        return qmcu_taps_inside(origin, 1, count, size);
    }
    if (count < 1) { /* what a window always has the compiler does not know */
        __builtin_unreachable();
    }
    return all;
}

#endif
