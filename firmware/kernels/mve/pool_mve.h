/* Which taps of a pool's window lie inside the image. */
#ifndef QMCU_POOL_MVE_H
#define QMCU_POOL_MVE_H

#include "pool_taps.h"
#include "uses_mve.h"

static inline qmcu_taps qmcu_pool_taps(int32_t origin, int32_t count, int32_t size)
{
    return qmcu_pool_taps_by(origin, count, size, QMCU_USES_POOL_BORDERS);
}

#endif
