/* Values of int16 times a number, as qmcu_requantize scales them: a value has 16 bits, so that the 48
   bits of a product fit a word but for the last 16, which no rounding needs. */
#ifndef QMCU_SLOPES_S16_CODE_H
#define QMCU_SLOPES_S16_CODE_H

#include "slopes_s16.h"

/* x times a number: (2 h + rounding) >> shift, h = ((x * multiplier >> 16) + first_rounding) >>
   first_shift. h is the product shifted to the left, if so, and rounded; the rest divides by
   2^(shift - 1), ties away from zero. */
typedef struct {
    int32_t multiplier;
    int32_t first_rounding;
    int32_t first_shift; /* 1 to 15 */
    int32_t rounding;    /* 2^(shift - 1), less 1 for negative x */
    int32_t shift;       /* 1 to 18 */
} slope_t;

static inline slope_t slope_of(int32_t multiplier, int32_t shift, int32_t negative)
{
    const int32_t left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    const slope_t slope = {multiplier, 1 << (14 - left), 15 - left, (1 << right) - negative,
                           right + 1};
    return slope;
}

static inline __attribute__((always_inline)) int32_t sloped(const slope_t *slope, int32_t x,
                                                            qmcu_times_s16_function *times)
{
    const int32_t high =
        (times(slope->multiplier, x) + slope->first_rounding) >> slope->first_shift;
    return (2 * high + slope->rounding) >> slope->shift;
}

/* Each side has one limit. */
static inline __attribute__((always_inline)) void
qmcu_slopes_s16_by(const qmcu_slopes_s16_params *params, const int16_t *input, int16_t *output,
                   qmcu_times_s16_function *times)
{
    const qmcu_slopes_s16_params *const p = params;
    const slope_t positive = slope_of(p->positive_multiplier, p->positive_shift, 0);
    const slope_t negative = slope_of(p->negative_multiplier, p->negative_shift, 1);
    const int32_t maximum = p->maximum;
    for (const int16_t *const end = input + p->size; input != end;) {
        const int32_t x = *input++;
        int32_t value;
        if (x >= 0) {
            value = sloped(&positive, x, times);
            value = value > maximum ? maximum : value;
        } else {
            value = sloped(&negative, x, times);
            value = value < INT16_MIN ? INT16_MIN : value;
        }
        *output++ = (int16_t)value;
    }
}

#endif
