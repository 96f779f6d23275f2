/* Sums of int16 activations times int8 weights, and what becomes of them. */
#ifndef QMCU_ACCUMULATE_S16_H
#define QMCU_ACCUMULATE_S16_H

#include "requantize.h"

#include <stdint.h>

/* sum + a[0] * b[0] + ... + a[count - 1] * b[count - 1]; a product is at most 2^22. Kernels of a core
   have their own. */
typedef int64_t qmcu_dot_s16_function(int64_t sum, const int16_t *a, const int8_t *b,
                                      int32_t count);

static inline int64_t qmcu_dot_s16(int64_t sum, const int16_t *a, const int8_t *b, int32_t count)
{
    for (; count > 0; --count) {
        sum += *a++ * *b++;
    }
    return sum;
}

static inline int16_t qmcu_clamp_s16(int32_t value, int32_t minimum, int32_t maximum)
{
    return (int16_t)(value < minimum ? minimum : value > maximum ? maximum : value);
}

/* round(sum * multiplier * 2^(shift - 15)) modulo 2^32, ties towards +infinity: |sum| below 2^47,
   multiplier in [0, 2^15), shift in [-31, 14]. */
static inline int32_t qmcu_requantize_s64(int64_t sum, int32_t multiplier, int32_t shift)
{
    const int32_t right = 15 - shift;
    return (int32_t)((sum * multiplier + ((int64_t)1 << (right - 1))) >> right);
}

/* An output from its sum. A layer whose bias has 64 bits is wide: it rounds once, with a multiplier
   of 16 bits; another takes the sum modulo 2^32 and rounds twice, as int8 layers do. */
static inline int16_t qmcu_output_s16(int64_t sum, int32_t multiplier, int32_t shift, int32_t wide,
                                      int32_t minimum, int32_t maximum)
{
    const int32_t scaled = wide ? qmcu_requantize_s64(sum, multiplier, shift)
                                : qmcu_requantize((int32_t)(uint64_t)sum, multiplier, shift);
    return qmcu_clamp_s16(scaled, minimum, maximum);
}

#endif
