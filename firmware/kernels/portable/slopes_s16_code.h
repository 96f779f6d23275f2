/* Values of int16 times a number, as qmcu_requantize scales them: a value has 16 bits, so that the 48
   bits of a product fit a word but for the last 16, which no rounding needs. */
#ifndef QMCU_SLOPES_S16_CODE_H
#define QMCU_SLOPES_S16_CODE_H

#include "slopes_s16.h"

static inline __attribute__((always_inline)) int32_t sloped(const qmcu_slope_s16 *slope, int32_t x,
                                                            qmcu_times_s16_function *times)
{
    const int32_t high =
        (times(slope->multiplier, x) + slope->first_rounding) >> slope->first_shift;
    return (2 * high + slope->rounding) >> slope->shift;
}

/* No slope is negative, so that each side has one limit. */
static inline __attribute__((always_inline)) void
qmcu_slopes_s16_by(const qmcu_slopes_s16_params *params, const int16_t *input, int16_t *output,
                   qmcu_times_s16_function *times)
{
    const qmcu_slope_s16 positive = params->positive, negative = params->negative;
    const int32_t maximum = params->maximum;
    for (const int16_t *const end = input + params->size; input != end;) {
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
