/* exp, as the interpreter's machine computes it (glibc for x86-64 with FMA): the algorithm and its
   numbers are those of Arm's optimized routines. In double, rounded to float once; equal to glibc's
   for each of the 2^32 floats. */
#ifndef QMCU_EXPONENTIAL_H
#define QMCU_EXPONENTIAL_H

#include "real_functions.h"

/* exp(value) = 2^(k / 32) * 2^(r / 32): from a table, and a cubic in r, |r| <= 1/2. */
static inline float qmcu_exp(float value)
{
    /* The bits of 2^(i / 32), less i << 47, as k << 47 is added. */
    static const uint64_t powers[32] = {
        0x3ff0000000000000u, 0x3fefd9b0d3158574u, 0x3fefb5586cf9890fu, 0x3fef9301d0125b51u,
        0x3fef72b83c7d517bu, 0x3fef54873168b9aau, 0x3fef387a6e756238u, 0x3fef1e9df51fdee1u,
        0x3fef06fe0a31b715u, 0x3feef1a7373aa9cbu, 0x3feedea64c123422u, 0x3feece086061892du,
        0x3feebfdad5362a27u, 0x3feeb42b569d4f82u, 0x3feeab07dd485429u, 0x3feea47eb03a5585u,
        0x3feea09e667f3bcdu, 0x3fee9f75e8ec5f74u, 0x3feea11473eb0187u, 0x3feea589994cce13u,
        0x3feeace5422aa0dbu, 0x3feeb737b0cdc5e5u, 0x3feec49182a3f090u, 0x3feed503b23e255du,
        0x3feee89f995ad3adu, 0x3feeff76f2fb5e47u, 0x3fef199bdd85529cu, 0x3fef3720dcef9069u,
        0x3fef5818dcfba487u, 0x3fef7c97337b9b5fu, 0x3fefa4afa2a490dau, 0x3fefd0765b6e4540u,
    };
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
    const uint64_t bits = powers[k & 31u] + (k << 47);
    double power;
    memcpy(&power, &bits, sizeof power);
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
