/* Reciprocals in fixed point, for SOFTMAX and LOG_SOFTMAX; see fixed_exponential.h. */
#ifndef QMCU_FIXED_RECIPROCAL_H
#define QMCU_FIXED_RECIPROCAL_H

#include "requantize.h"

/* A core may have one of its own. */
#ifndef HIGH_MULTIPLY
#define HIGH_MULTIPLY qmcu_doubling_high_multiply
#endif

/* a * 2^exponent, saturated to int32. */
static int32_t saturating_shift(int32_t a, int32_t exponent)
{
    const int32_t limit = (int32_t)((1u << (31 - exponent)) - 1u);
    if (a > limit) {
        return INT32_MAX;
    }
    if (a < -limit - 1) {
        return INT32_MIN;
    }
    return (int32_t)((uint32_t)a << exponent);
}

/* 1 / (1 + a) as Q0.31 for a in [0, 1) as Q0.31: three steps of Newton and Raphson. */
static int32_t reciprocal_of_one_plus(int32_t a)
{
    const int32_t x_48_over_17 = 1515870810;
    const int32_t x_minus_32_over_17 = -1010580540;
    const int32_t one = (int32_t)1 << 29;
    const int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = x_48_over_17 + HIGH_MULTIPLY(half, x_minus_32_over_17);
    for (int32_t step = 0; step < 3; ++step) {
        x += saturating_shift(HIGH_MULTIPLY(x, one - HIGH_MULTIPLY(half, x)), 2);
    }
    return saturating_shift(x, 1);
}

#endif
