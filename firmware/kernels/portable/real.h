/* Between real numbers (float) and integers. Built without contraction of a * b + c to one fused
   operation (-ffp-contract=off), so that every core rounds alike. */
#ifndef QMCU_REAL_H
#define QMCU_REAL_H

#include <stdint.h>

/* round(value / scale), ties away from zero, within minimum and maximum; minimum for NaN. */
static inline int32_t qmcu_rounded_quotient(float value, float scale, int32_t minimum,
                                            int32_t maximum)
{
    const float quotient = value / scale;
    if (!(quotient > (float)minimum)) {
        return minimum;
    }
    if (!(quotient < (float)maximum)) {
        return maximum;
    }
    const int32_t whole = (int32_t)quotient;    /* towards zero */
    const float rest = quotient - (float)whole; /* exact */
    return whole + (rest >= 0.5f ? 1 : 0) - (rest <= -0.5f ? 1 : 0);
}

#endif
