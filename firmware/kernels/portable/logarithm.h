/* The natural logarithm, as the interpreter's machine computes it (glibc for x86-64 with FMA): the algorithm
   and its numbers are those of Arm's optimized routines. All in double, rounded to float once; equal
   to glibc's for each of the 2^32 floats. */
#ifndef QMCU_LOGARITHM_H
#define QMCU_LOGARITHM_H

#include "real_functions.h"

/* value = 2^k * z, z * inverse = 1 + r near 1: log = k * log(2) - log(inverse) + a cubic in r. */
static inline float qmcu_log(float value)
{
    static const struct {
        double inverse;
        double log; /* -log(inverse) */
    } parts[16] = {
        {0x1.661ec79f8f3bep+0, -0x1.57bf7808caadep-2},
        {0x1.571ed4aaf883dp+0, -0x1.2bef0a7c06ddbp-2},
        {0x1.49539f0f010b0p+0, -0x1.01eae7f513a67p-2},
        {0x1.3c995b0b80385p+0, -0x1.b31d8a68224e9p-3},
        {0x1.30d190c8864a5p+0, -0x1.6574f0ac07758p-3},
        {0x1.25e227b0b8ea0p+0, -0x1.1aa2bc79c8100p-3},
        {0x1.1bb4a4a1a343fp+0, -0x1.a4e76ce8c0e5ep-4},
        {0x1.12358f08ae5bap+0, -0x1.1973c5a611cccp-4},
        {0x1.0953f419900a7p+0, -0x1.252f438e10c1ep-5},
        {0x1.0000000000000p+0, 0.0},
        {0x1.e608cfd9a47acp-1, 0x1.aa5aa5df25984p-5},
        {0x1.ca4b31f026aa0p-1, 0x1.c5e53aa362eb4p-4},
        {0x1.b2036576afce6p-1, 0x1.526e57720db08p-3},
        {0x1.9c2d163a1aa2dp-1, 0x1.bc2860d224770p-3},
        {0x1.886e6037841edp-1, 0x1.1058bc8a07ee1p-2},
        {0x1.767dcf5534862p-1, 0x1.4043057b6ee09p-2},
    };
    uint32_t bits = qmcu_bits_of(value);
    if (value == 1.0f) {
        return 0.0f;
    }
    if (!(value > 0.0f)) {
        return value == 0.0f ? -1.0f / 0.0f : (value - value) / (value - value);
    }
    if (bits == 0x7f800000u) {
        return value;
    }
    if (bits < 0x00800000u) {
        bits = qmcu_bits_of(value * 0x1p23f) - (23u << 23);
    }
    const uint32_t above = bits - 0x3f330000u;
    const int32_t k = (int32_t)(above & 0xff800000u) / (1 << 23);
    const uint32_t part = above >> 19 & 15u;
    const double z = (double)qmcu_float_of(bits - (above & 0xff800000u));
    const double r = z * parts[part].inverse - 1.0;
    const double whole = parts[part].log + (double)k * 0x1.62e42fefa39efp-1;
    const double r2 = r * r;
    const double series = 0x1.5575b0be00b6ap-2 * r + -0x1.ffffef20a4123p-2;
    return (float)((-0x1.00ea348b88334p-2 * r2 + series) * r2 + (whole + r));
}

#endif
