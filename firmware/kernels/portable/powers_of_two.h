/* 2^(k / 32) in double, from a table; k in the low bits of a number that may be negative. */
#ifndef QMCU_POWERS_OF_TWO_H
#define QMCU_POWERS_OF_TWO_H

#include <stdint.h>
#include <string.h>

static inline double qmcu_power_of_two(uint64_t k)
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
    const uint64_t bits = powers[k & 31u] + (k << 47);
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

#endif
