/* sin and cos, as the interpreter's machine computes them (glibc for x86-64 with FMA): the algorithm and its
   numbers are those of Arm's optimized routines. All in double, rounded to float once; equal to
   glibc's for each of the 2^32 floats. */
#ifndef QMCU_SINUSOID_H
#define QMCU_SINUSOID_H

#include "real_functions.h"

/* An angle as quarters * pi / 2 + rest, |rest| up to about pi / 4. */
typedef struct {
    double rest;
    uint32_t quarters;
} qmcu_angle;

/* Of 120 and more: times 4 / pi in 96 bits, those from the highest that matters. */
static inline qmcu_angle qmcu_large_angle(uint32_t bits)
{
    /* 4 / pi, less what is above the point, with zeros before it */
    static const uint8_t digits[27] = {
        0x00, 0x00, 0x00, 0xa2, 0xf9, 0x83, 0x6e, 0x4e, 0x44, 0x15, 0x29, 0xfc, 0x27, 0x57,
        0xd1, 0xf5, 0x34, 0xdd, 0xc0, 0xdb, 0x62, 0x95, 0x99, 0x3c, 0x43, 0x90, 0x41,
    };
    const uint8_t *const from = digits + (bits >> 26 & 15u);
    const uint32_t mantissa = ((bits & 0x00ffffffu) | 0x00800000u) << (bits >> 23 & 7u);
    uint32_t words[3];
    for (uint32_t i = 0; i < 3u; ++i) {
        const uint8_t *const at = from + 4u * i;
        words[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    uint64_t turns = (uint64_t)(mantissa * words[0]) << 32;
    turns += (uint64_t)mantissa * words[1] + ((uint64_t)mantissa * words[2] >> 32);
    const uint64_t quarters = (turns + ((uint64_t)1 << 61)) >> 62;
    turns -= quarters << 62;
    /* As a signed number, without relying on how large ones convert. */
    const double rest = turns >> 63 != 0u ? -(double)(int64_t)(0u - turns) : (double)(int64_t)turns;
    const qmcu_angle angle = {rest * 0x1.921fb54442d18p-62, (uint32_t)quarters};
    return angle;
}

static inline qmcu_angle qmcu_small_angle(double value)
{
    const int32_t scaled = (int32_t)(value * 0x1.45f306dc9c883p+23) + 0x800000;
    const int32_t quarters = (scaled - (scaled & 0xffffff)) / (1 << 24);
    /* Rounded once, as by glibc's fused multiply-add: quarters * (46 bits of pi / 2) is exact, and so
       is its difference from the value. */
    const double count = (double)quarters;
    const qmcu_angle angle = {
        (value - count * 0x1.921fb54442d00p+0) - count * 0x1.8000000000000p-48, (uint32_t)quarters};
    return angle;
}

/* sin(quarters * pi / 2 + rest) */
static inline float qmcu_sine_of(qmcu_angle angle)
{
    const double x = angle.rest;
    const double x2 = x * x;
    double result;
    if (angle.quarters % 2u == 0u) {
        const double x3 = x * x2;
        const double high = 0x1.1107605230bc4p-7 + x2 * -0x1.994eb3774cf24p-13;
        result = (x + x3 * -0x1.555545995a603p-3) + x3 * x2 * high;
    } else {
        const double x4 = x2 * x2;
        const double high = -0x1.6c087e89a359dp-10 + x2 * 0x1.99343027bf8c3p-16;
        const double low = 1.0 + x2 * -0x1.ffffffd0c621cp-2;
        result = (low + x4 * 0x1.55553e1068f19p-5) + x4 * x2 * high;
    }
    return (float)((angle.quarters & 2u) != 0u ? -result : result);
}

/* sin(value + ahead * pi / 2): the sine with ahead 0, the cosine with 1. */
static inline float qmcu_sine_ahead(float value, uint32_t ahead)
{
    const uint32_t bits = qmcu_bits_of(value);
    const uint32_t size = bits >> 20 & 0x7ffu;
    if (size >= 0x7f8u) {
        return (value - value) / (value - value);
    }
    if (size < 0x398u) { /* below 2^-12 */
        return ahead == 0u ? value : 1.0f;
    }
    qmcu_angle angle = {(double)value, 0};
    if (size >= 0x42fu) { /* 120 */
        angle = qmcu_large_angle(bits);
        if (bits >> 31 != 0u) {
            angle.rest = -angle.rest;
            angle.quarters = 0u - angle.quarters;
        }
    } else if (size >= 0x3f4u) { /* about pi / 4 */
        angle = qmcu_small_angle((double)value);
    }
    angle.quarters += ahead;
    return qmcu_sine_of(angle);
}

#endif
