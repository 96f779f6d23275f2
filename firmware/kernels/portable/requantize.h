/* Fixed-point requantization, equal to gemmlowp's double rounding (Jacob et al., CVPR 2018, 2.2). */
#ifndef QMCU_REQUANTIZE_H
#define QMCU_REQUANTIZE_H

#include <stdint.h>

/* round(a * b / 2^31), ties towards +infinity; b is never INT32_MIN, so no saturation is needed. */
static inline int32_t qmcu_doubling_high_multiply(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* round(a / 2^exponent), ties away from zero; exponent is 0 to 31. */
static inline int32_t qmcu_rounding_divide(int32_t a, int32_t exponent)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << exponent) - 1u);
    const int32_t threshold = (mask >> 1) + (a < 0 ? 1 : 0);
    return (a >> exponent) + ((a & mask) > threshold ? 1 : 0);
}

/* a * multiplier * 2^(shift - 31): multiplier in [2^30, 2^31) or 0, shift in [-31, 30]. */
static inline int32_t qmcu_requantize(int32_t a, int32_t multiplier, int32_t shift)
{
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    const int32_t shifted = (int32_t)((uint32_t)a << left);
    return qmcu_rounding_divide(qmcu_doubling_high_multiply(shifted, multiplier), right);
}

static inline int8_t qmcu_clamp_s8(int32_t value, int32_t minimum, int32_t maximum)
{
    if (value < minimum) {
        value = minimum;
    }
    if (value > maximum) {
        value = maximum;
    }
    return (int8_t)value;
}

#endif
