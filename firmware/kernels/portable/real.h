/* Between real numbers (float) and integers. Built without contraction of a * b + c to one fused
   operation (-ffp-contract=off), so that every core rounds alike. */
#ifndef QMCU_REAL_H
#define QMCU_REAL_H

#include <stdint.h>

/* The nearest number between minimum and maximum; minimum for NaN. */
static inline float qmcu_within(float value, float minimum, float maximum)
{
#ifdef __ARM_FEATURE_NUMERIC_MAXMIN
    return __builtin_fminf(__builtin_fmaxf(value, minimum), maximum);
#else
    value = value > minimum ? value : minimum;
    return value < maximum ? value : maximum;
#endif
}

/* round(value / scale), ties away from zero, within minimum and maximum; minimum for NaN. With
   n = 2 * quotient towards zero that is (n + 1) / 2 rounded down, and n / 2 for negative ones. */
static inline int32_t qmcu_rounded_quotient(float value, float scale, int32_t minimum,
                                            int32_t maximum)
{
    const float quotient = qmcu_within(value / scale, (float)minimum, (float)maximum);
    const int32_t twice = (int32_t)(quotient + quotient);
    return (twice + (int32_t)(~(uint32_t)twice >> 31)) >> 1;
}

#endif
