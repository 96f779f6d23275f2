/* Sums of slices at places that are given. */
#include "scatter_s64.h"

static inline int64_t sum(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

QMCU_SCATTER(qmcu_scatter_s64, int64_t, sum)
