/* Requantization on vectors of four sums, equal to requantize.h, for exponents of at least 1. */
#ifndef QMCU_MVE_H
#define QMCU_MVE_H

#include "channel_mve.h"

#include <arm_mve.h>
#include <stdint.h>

/* `count` bytes, none at least, in a loop whose last round is predicated by itself. */
static inline void qmcu_mve_copy(int8_t *to, const int8_t *from, int32_t count)
{
    __asm volatile("wlstp.8 lr, %[count], 2f\n"
                   "1: vldrb.8 q0, [%[from]], #16\n\t"
                   "vstrb.8 q0, [%[to]], #16\n\t"
                   "letp lr, 1b\n"
                   "2:"
                   : [to] "+r"(to), [from] "+r"(from)
                   : [count] "r"(count)
                   : "q0", "lr", "memory");
}

/* The vector of four sums: GCC would take it through memory. */
static inline int32x4_t qmcu_mve_four(int32_t a, int32_t b, int32_t c, int32_t d)
{
    int32x4_t result;
    __asm__("vmov %q0[2], %q0[0], %1, %3\n\tvmov %q0[3], %q0[1], %2, %4"
            : "=&w"(result)
            : "r"(a), "r"(b), "r"(c), "r"(d));
    return result;
}

static inline void qmcu_mve_fill(int8_t *to, int32_t value, int32_t count)
{
    const int8x16_t values = vdupq_n_s8((int8_t)value);
    __asm volatile("wlstp.8 lr, %[count], 2f\n"
                   "1: vstrb.8 %q[values], [%[to]], #16\n\t"
                   "letp lr, 1b\n"
                   "2:"
                   : [to] "+r"(to)
                   : [count] "r"(count), [values] "w"(values)
                   : "lr", "memory");
}

/* VRSHL rounds ties up: one less for negative products rounds them away from zero. */
static inline int32x4_t qmcu_mve_away(int32x4_t product)
{
    return vaddq_s32(product, vshrq_n_s32(product, 31));
}

/* Requantization by any exponent; a shift to the left comes first, and then nothing is divided. */
static inline int32x4_t qmcu_mve_requantize(int32x4_t sums, int32x4_t multiplier, int32x4_t shift)
{
    const int32x4_t right = vminq_s32(shift, vdupq_n_s32(0));
    sums = vshlq_s32(sums, vmaxq_s32(shift, vdupq_n_s32(0)));
    sums = vqrdmulhq_s32(sums, multiplier);
    /* -1 where the product is negative and something is divided */
    return vrshlq_s32(vaddq_s32(sums, vshrq_n_s32(vandq_s32(sums, right), 31)), right);
}

static inline int32x4_t qmcu_mve_clamp(int32x4_t value, int32_t zero_point, int32_t minimum,
                                       int32_t maximum)
{
    value = vaddq_n_s32(value, zero_point);
    value = vmaxq_s32(value, vdupq_n_s32(minimum));
    return vminq_s32(value, vdupq_n_s32(maximum));
}

#endif
