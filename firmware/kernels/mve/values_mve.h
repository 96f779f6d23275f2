/* Elements less their zero point, eight at a time; where they are repeated, the one element eight times. */
#ifndef QMCU_VALUES_MVE_H
#define QMCU_VALUES_MVE_H

#include "mve.h"

static inline int16x8_t qmcu_values(const int8_t *from, int32_t step, int32_t zero_point)
{
    return step ? vsubq_n_s16(vldrbq_s16(from), (int16_t)zero_point)
                : vdupq_n_s16((int16_t)(*from - zero_point));
}

/* As many as are left. */
static inline int16x8_t qmcu_last_values(const int8_t *from, int32_t step, int32_t zero_point,
                                         mve_pred16_t live)
{
    return step ? vsubq_n_s16(vldrbq_z_s16(from, live), (int16_t)zero_point)
                : vdupq_n_s16((int16_t)(*from - zero_point));
}

/* What pairs of values become; of int16 that fit a byte. */
typedef int16x8_t qmcu_values_function(const void *params, int16x8_t a, int16x8_t b);

/* A row of `left` pairs. */
static inline __attribute__((always_inline)) void
qmcu_pair_row(const void *params, const int8_t *a, int32_t step1, int32_t zero1, const int8_t *b,
              int32_t step2, int32_t zero2, int8_t *output, int32_t left,
              qmcu_values_function *combine)
{
    for (; left >= 8; left -= 8, output += 8) {
        const int16x8_t x = qmcu_values(a, step1, zero1);
        vstrbq_s16(output, combine(params, x, qmcu_values(b, step2, zero2)));
        a += 8 * step1;
        b += 8 * step2;
    }
    if (left > 0) {
        const mve_pred16_t live = vctp16q((uint32_t)left);
        const int16x8_t x = qmcu_last_values(a, step1, zero1, live);
        vstrbq_p_s16(output, combine(params, x, qmcu_last_values(b, step2, zero2, live)), live);
    }
}

#endif
