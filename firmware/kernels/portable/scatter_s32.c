/* Sums of slices at places that are given. */
#include "scatter_s32.h"

static inline int32_t sum(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

QMCU_SCATTER(qmcu_scatter_s32, int32_t, sum)
