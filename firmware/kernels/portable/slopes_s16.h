/* RELU, RELU6, LEAKY_RELU and other scales of int16: values times one number, or another where they
   are negative. */
#ifndef QMCU_SLOPES_S16_H
#define QMCU_SLOPES_S16_H

#include <stdint.h>

/* x times a number: (2 h + rounding) >> shift, h = ((x * multiplier >> 16) + first_rounding) >>
   first_shift. With t = multiplier * 2^(15 - first_shift - 31) h is x * t rounded, and the rest
   divides by 2^(shift - 1), ties away from zero. */
typedef struct {
    int32_t multiplier;
    int32_t first_rounding;
    int32_t first_shift; /* 1 to 15 */
    int32_t rounding;    /* 2^(shift - 1), less 1 for negative x */
    int32_t shift;       /* 1 to 18 */
} qmcu_slope_s16;

typedef struct {
    int32_t size;
    int32_t maximum; /* of outputs */
    qmcu_slope_s16 positive;
    qmcu_slope_s16 negative;
} qmcu_slopes_s16_params;

/* x * multiplier >> 16 of a multiplier that is not negative. */
typedef int32_t qmcu_times_s16_function(int32_t multiplier, int32_t x);

#endif
