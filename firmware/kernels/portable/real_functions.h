/* Functions of real numbers, rounded as every IEEE 754 implementation rounds them. */
#ifndef QMCU_REAL_FUNCTIONS_H
#define QMCU_REAL_FUNCTIONS_H

#include <stdint.h>
#include <string.h>

static inline uint32_t qmcu_bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float qmcu_float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The next whole number towards zero. */
static inline float qmcu_truncate(float value)
{
    const uint32_t bits = qmcu_bits_of(value);
    const int32_t exponent = (int32_t)(bits >> 23 & 255u) - 127;
    if (exponent >= 23) {
        return value;
    }
    const uint32_t kept = exponent < 0 ? 1u << 31 : ~(0x007fffffu >> exponent);
    return qmcu_float_of(bits & kept);
}

/* The largest whole number that is not above value; zeros keep their sign. */
static inline float qmcu_floor(float value)
{
    const float whole = qmcu_truncate(value);
    return whole > value ? whole - 1.0f : whole;
}

/* The nearest float to the square root: bit by bit, the remainder decides the last one. */
static inline float qmcu_square_root(float value)
{
#if defined(__ARM_FP) && (__ARM_FP & 4)
    float root;
    __asm__("vsqrt.f32 %0, %1" : "=t"(root) : "t"(value));
    return root;
#else
    uint32_t bits = qmcu_bits_of(value);
    if (!(value > 0.0f) || bits == 0x7f800000u) {
        return value >= 0.0f ? value : (value - value) / (value - value);
    }
    int32_t exponent = (int32_t)(bits >> 23);
    uint32_t mantissa = bits & 0x007fffffu;
    if (exponent == 0) {
        for (exponent = 1; mantissa < 0x00800000u; --exponent) {
            mantissa <<= 1;
        }
    } else {
        mantissa |= 0x00800000u;
    }
    exponent -= 127;
    if (exponent % 2 != 0) {
        mantissa <<= 1;
        exponent -= 1;
    }
    /* root = floor(2^24.5 * sqrt(mantissa * 2^-23)), with 25 bits: the last one rounds */
    uint32_t rest = mantissa << 1;
    uint32_t root = 0;
    uint32_t sum = 0;
    for (uint32_t bit = 1u << 24; bit != 0u; bit >>= 1) {
        const uint32_t next = sum + bit;
        if (next <= rest) {
            sum = next + bit;
            rest -= next;
            root += bit;
        }
        rest <<= 1;
    }
    root = (root >> 1) + (root & 1u);
    return qmcu_float_of(root + ((uint32_t)(exponent / 2 + 126) << 23));
#endif
}

#endif
