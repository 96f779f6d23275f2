/* Reciprocals in fixed point, for SOFTMAX and LOG_SOFTMAX; see fixed_exponential.h. */
#ifndef QMCU_FIXED_RECIPROCAL_H
#define QMCU_FIXED_RECIPROCAL_H

#include "requantize.h"

/* A core may have one of its own. */
#ifndef HIGH_MULTIPLY
#define HIGH_MULTIPLY qmcu_doubling_high_multiply
#endif

/* 1 / (1 + a) as Q0.31 for a in [0, 1) as Q0.31: three steps of Newton and Raphson. gemmlowp saturates
   both shifts to the left: of all a the first never needs it, and the second where x is 2^30. */
static int32_t reciprocal_of_one_plus(int32_t a)
{
    const int32_t x_48_over_17 = 1515870810;
    const int32_t x_minus_32_over_17 = -1010580540;
    const int32_t one = (int32_t)1 << 29;
    const int32_t half = (int32_t)(((uint32_t)a + 0x80000000u) >> 1);
    int32_t x = x_48_over_17 + HIGH_MULTIPLY(half, x_minus_32_over_17);
    for (int32_t step = 0; step < 3; ++step) {
        x += (int32_t)((uint32_t)HIGH_MULTIPLY(x, one - HIGH_MULTIPLY(half, x)) << 2);
    }
    return (int32_t)(((uint32_t)x << 1) - ((uint32_t)x >> 30));
}

#endif
