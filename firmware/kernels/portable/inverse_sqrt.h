/* 1 / sqrt(n) in fixed point, by gemmlowp's Newton-Raphson iteration. */
#ifndef QMCU_INVERSE_SQRT_H
#define QMCU_INVERSE_SQRT_H

#include "requantize.h"

#include <stdint.h>

/* 1 / sqrt(n) = multiplier * 2^(shift - 31) */
typedef struct {
    int32_t multiplier;
    int32_t shift;
} qmcu_inverse_sqrt_result;

static inline int32_t qmcu_saturating_shift(int32_t value, int32_t bits)
{
    const int64_t wide = (int64_t)value * ((int64_t)1 << bits);
    if (wide > INT32_MAX) {
        return INT32_MAX;
    }
    return wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

/* n >= 0; 0 counts as 1. */
static inline qmcu_inverse_sqrt_result qmcu_inverse_sqrt(int32_t n)
{
    qmcu_inverse_sqrt_result result = {INT32_MAX, 0};
    if (n <= 1) {
        return result;
    }
    /* n * 4^k in [2^27, 2^29): a number in [1/2, 2) with 3 integer bits, once halved. */
    int32_t shift = 11;
    while (n >= 1 << 29) {
        n /= 4;
        ++shift;
    }
    while (n < 1 << 27) {
        n *= 4;
        --shift;
    }
    const int32_t half = qmcu_rounding_divide(n >> 1, 1);
    int32_t x = 1 << 28;
    for (int32_t i = 0; i < 5; ++i) {
        /* x <- 3/2 x - n/2 x^3 */
        const int32_t square = qmcu_doubling_high_multiply(x, x);
        const int32_t cube = qmcu_saturating_shift(qmcu_doubling_high_multiply(square, x), 6);
        x = qmcu_saturating_shift(qmcu_doubling_high_multiply((1 << 28) + (1 << 27), x) -
                                      qmcu_doubling_high_multiply(half, cube),
                                  3);
    }
    x = qmcu_doubling_high_multiply(x, 1518500250); /* sqrt(1/2) */
    if (shift < 0) {
        x = (int32_t)((uint32_t)x << -shift);
        shift = 0;
    }
    result.multiplier = x;
    result.shift = -shift;
    return result;
}

#endif
