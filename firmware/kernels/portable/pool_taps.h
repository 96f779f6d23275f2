/* Which taps of a pool's window lie inside the image. */
#ifndef QMCU_POOL_TAPS_H
#define QMCU_POOL_TAPS_H

#include "window.h"

/* All of them, where no window of the image's layers has `borders`. */
static inline qmcu_taps qmcu_pool_taps_by(int32_t origin, int32_t count, int32_t size,
                                          int32_t borders)
{
    const qmcu_taps all = {0, count};
    if (borders) {
        return qmcu_taps_inside(origin, 1, count, size);
    }
    if (count < 1) { /* what a window always has the compiler does not know */
        __builtin_unreachable();
    }
    return all;
}

#endif
