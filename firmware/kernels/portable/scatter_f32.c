/* Sums of slices at places that are given. */
#include "scatter_f32.h"

static inline float sum(float a, float b)
{
    return a + b;
}

QMCU_SCATTER(qmcu_scatter_f32, float, sum)
