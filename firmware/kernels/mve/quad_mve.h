/* Four runs of bytes times one, for the kernels that take four units or pixels at a time. */
#ifndef QMCU_QUAD_MVE_H
#define QMCU_QUAD_MVE_H

#include "mve.h"

/* Each of four runs times `one`, and `begin`: of `count` bytes, where that is no whole vector without what
   is behind them. */
static inline int32x4_t qmcu_four_sums(const int8_t *one, const int8_t *a, const int8_t *b,
                                       const int8_t *c, const int8_t *d, int32_t count,
                                       int32_t begin)
{
    int32_t sum_a = begin, sum_b = begin, sum_c = begin, sum_d = begin;
    /* GCC has no loops whose last round is predicated by itself, and too few registers for this. */
    __asm volatile(
        "wlstp.8 lr, %[count], 1f\n\t"
        "2: vldrb.8 q0, [%[one]], #16\n\t"
        "vldrb.8 q1, [%[a]], #16\n\t"
        "vmladava.s8 %[sum_a], q0, q1\n\t"
        "vldrb.8 q1, [%[b]], #16\n\t"
        "vmladava.s8 %[sum_b], q0, q1\n\t"
        "vldrb.8 q1, [%[c]], #16\n\t"
        "vmladava.s8 %[sum_c], q0, q1\n\t"
        "vldrb.8 q1, [%[d]], #16\n\t"
        "vmladava.s8 %[sum_d], q0, q1\n\t"
        "letp lr, 2b\n"
        "1:"
        : [sum_a] "+Te"(sum_a), [sum_b] "+Te"(sum_b), [sum_c] "+Te"(sum_c), [sum_d] "+Te"(sum_d),
          [one] "+r"(one), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d)
        : [count] "r"(count)
        : "q0", "q1", "lr", "memory");
    return qmcu_mve_four(sum_a, sum_b, sum_c, sum_d);
}

/* Of the rows that are live the sums with their biases; of the others something, without reading
   behind the rows. */
static inline int32x4_t qmcu_quad_mve(const int8_t *input, const int8_t *rows, int32_t count,
                                      const int32_t *bias, int32_t live)
{
    const int8_t *const last = rows + (live > 4 ? 3 : live - 1) * count;
    const int8_t *b = rows + count, *c = b + count, *d = c + count;
    b = b < last ? b : last;
    c = c < last ? c : last;
    d = d < last ? d : last;
    const int32x4_t sums = qmcu_four_sums(input, rows, b, c, d, count, 0);
    const mve_pred16_t lanes = vctp32q((uint32_t)live);
    return vaddq_s32(sums, vldrwq_z_s32(bias, lanes));
}

/* Sums scaled by one multiplier and shift, within the bounds. */
static inline int32x4_t qmcu_quad_scaled(int32x4_t sums, int32_t multiplier, int32_t shift,
                                         int32_t minimum, int32_t maximum)
{
    return qmcu_mve_clamp(qmcu_mve_requantize(sums, vdupq_n_s32(multiplier), vdupq_n_s32(shift)), 0,
                          minimum, maximum);
}

#endif
