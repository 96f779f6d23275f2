/* Sums of products modulo 2^32: as unsigned numbers, whose overflow C defines. */
#ifndef QMCU_ACCUMULATE_H
#define QMCU_ACCUMULATE_H

#include "requantize.h"

#include <stdint.h>

/* sum + a[0] * b[0] + ... + a[count - 1] * b[count - 1]; kernels of a core have their own. */
typedef uint32_t qmcu_dot_function(uint32_t sum, const int8_t *a, const int8_t *b, int32_t count);

static inline uint32_t qmcu_dot(uint32_t sum, const int8_t *a, const int8_t *b, int32_t count)
{
    for (; count >= 4; count -= 4) {
        sum += (uint32_t)(a[0] * b[0]);
        sum += (uint32_t)(a[1] * b[1]);
        sum += (uint32_t)(a[2] * b[2]);
        sum += (uint32_t)(a[3] * b[3]);
        a += 4;
        b += 4;
    }
    for (; count > 0; --count) {
        sum += (uint32_t)(*a++ * *b++);
    }
    return sum;
}

/* An output byte from its accumulator: requantize, add the zero point, clamp. */
static inline int8_t qmcu_output_s8(uint32_t sum, int32_t multiplier, int32_t shift,
                                    int32_t zero_point, int32_t minimum, int32_t maximum)
{
    const int32_t scaled = qmcu_requantize((int32_t)sum, multiplier, shift);
    return qmcu_clamp_s8((int32_t)((uint32_t)scaled + (uint32_t)zero_point), minimum, maximum);
}

#endif
