/* exp(x) - 1 and tanh, in float steps as glibc up to 2.40 computes them; later ones round correctly,
   which differs in the last bit for some. The algorithm and its numbers are those of Sun's fdlibm. */
#ifndef QMCU_HYPERBOLIC_H
#define QMCU_HYPERBOLIC_H

#include "real_functions.h"

static inline float qmcu_times_power(float value, int32_t exponent)
{
    return qmcu_float_of(qmcu_bits_of(value) + ((uint32_t)exponent << 23));
}

/* exp(value) - 1 for value = x + c reduced by k * log(2). */
static inline float qmcu_expm1_reduced(float x, float c, int32_t k)
{
    const float half = 0.5f * x;
    const float square = x * half;
    const float series =
        1.0f +
        square * (-3.3333335072e-02f +
                  square * (1.5873016091e-03f +
                            square * (-7.9365076090e-05f +
                                      square * (4.0082177293e-06f + square * -2.0109921195e-07f))));
    const float t = 3.0f - series * half;
    float e = square * ((series - t) / (6.0f - x * t));
    if (k == 0) {
        return x - (x * e - square);
    }
    e = x * (e - c) - c;
    e -= square;
    if (k == -1) {
        return 0.5f * (x - e) - 0.5f;
    }
    if (k == 1) {
        return x < -0.25f ? -2.0f * (e - (x + 0.5f)) : 1.0f + 2.0f * (x - e);
    }
    if (k <= -2 || k > 56) {
        return qmcu_times_power(1.0f - (e - x), k) - 1.0f;
    }
    if (k < 23) {
        const float below = 1.0f - qmcu_float_of((uint32_t)(127 - k) << 23); /* 1 - 2^-k */
        return qmcu_times_power(below - (e - x), k);
    }
    const float tiny = qmcu_float_of((uint32_t)(127 - k) << 23); /* 2^-k */
    return qmcu_times_power((x - (e + tiny)) + 1.0f, k);
}

static inline float qmcu_expm1(float value)
{
    const float high = 6.9313812256e-01f; /* of log(2) */
    const float low = 9.0580006145e-06f;
    const uint32_t size = qmcu_bits_of(value) & 0x7fffffffu;
    const int32_t negative = qmcu_bits_of(value) >> 31 != 0u;
    if (size > 0x7f800000u) {
        return value + value;
    }
    if (size >= 0x4195b844u && negative) { /* 27 log(2) */
        return -1.0f;
    }
    if (size >= 0x42b17218u) { /* 128 log(2) */
        return 1.0f / 0.0f;
    }
    if (size < 0x33000000u) { /* 2^-25 */
        return value;
    }
    if (size <= 0x3eb17218u) { /* log(2) / 2 */
        return qmcu_expm1_reduced(value, 0.0f, 0);
    }
    int32_t k = negative ? -1 : 1;
    float rest_high = value - (float)k * high;
    float rest_low = (float)k * low;
    if (size >= 0x3f851592u) { /* 1.5 log(2) */
        k = (int32_t)(1.4426950216e+00f * value + (negative ? -0.5f : 0.5f));
        rest_high = value - (float)k * high;
        rest_low = (float)k * low;
    }
    const float x = rest_high - rest_low;
    return qmcu_expm1_reduced(x, (rest_high - x) - rest_low, k);
}

static inline float qmcu_tanh(float value)
{
    const uint32_t size = qmcu_bits_of(value) & 0x7fffffffu;
    const float positive = qmcu_float_of(size);
    float result = 1.0f;
    if (size > 0x7f800000u || size == 0u) {
        return value + value;
    }
    if (size < 0x24000000u) { /* 2^-55 */
        return value * (1.0f + value);
    }
    if (size < 0x3f800000u) {
        const float below = qmcu_expm1(-2.0f * positive);
        result = -below / (below + 2.0f);
    } else if (size < 0x41b00000u) { /* 22 */
        result = 1.0f - 2.0f / (qmcu_expm1(2.0f * positive) + 2.0f);
    }
    return qmcu_bits_of(value) >> 31 != 0u ? -result : result;
}

#endif
