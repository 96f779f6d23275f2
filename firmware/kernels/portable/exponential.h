/* exp, as the interpreter's machine computes it (glibc for x86-64 with FMA): the algorithm and its
   numbers are those of Arm's optimized routines. In double, rounded to float once; equal to glibc's
   for each of the 2^32 floats. */
#ifndef QMCU_EXPONENTIAL_H
#define QMCU_EXPONENTIAL_H

#include "powers_of_two.h"
#include "real_functions.h"

/* exp(value) = 2^(k / 32) * 2^(r / 32): from a table, and a cubic in r, |r| <= 1/2. */
static inline float qmcu_exp(float value)
{
    if (value != value) {
        return value + value;
    }
    if (value > 0x1.62e42ep6f) {
        return 1.0f / 0.0f;
    }
    if (value < -0x1.9fe368p6f) {
        return 0.0f;
    }
    const double scaled = 0x1.71547652b82fep5 * (double)value;
    const double shifted = scaled + 0x1.8p52; /* rounds to a whole number, in the low bits */
    /* The rest of the exact product, as glibc's fused multiply-add leaves it: 29 bits of the factor
       times 24 of the value are exact. */
    const double r =
        (0x1.71547650p5 * (double)value - (shifted - 0x1.8p52)) + 0x1.5c17fp-26 * (double)value;
    uint64_t k;
    memcpy(&k, &shifted, sizeof k);
    const double power = qmcu_power_of_two(k);
    const double high = 0x1.c6af84b912394p-20 * r + 0x1.ebfce50fac4f3p-13;
    const double low = 0x1.62e42ff0c52d6p-6 * r + 1.0;
    return (float)((high * (r * r) + low) * power);
}

/* 1 / (1 + exp(-value)), rounded after each step. */
static inline float qmcu_logistic(float value)
{
    if (value > 16.619047164916992188f) {
        return 1.0f;
    }
    return value < -9.0f ? qmcu_exp(value) : 1.0f / (1.0f + qmcu_exp(-value));
}

#endif
