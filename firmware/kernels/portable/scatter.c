/* Sums of slices at places that are given. */
#include "scatter.h"

static inline int8_t sum(int8_t a, int8_t b)
{
    return (int8_t)((uint8_t)a + (uint8_t)b);
}

QMCU_SCATTER(qmcu_scatter, int8_t, sum)
