/* The reciprocal of softmax's sum. */
#ifndef QMCU_SOFTMAX_RECIPROCAL_H
#define QMCU_SOFTMAX_RECIPROCAL_H

#include "fixed_reciprocal.h"

/* 1 / sum as mantissa (Q0.31) and exponent: a probability is mantissa * exp / 2^exponent, as Q0.8. */
typedef struct {
    int32_t mantissa;
    int32_t exponent; /* above 31, with 512 and more nearly equal inputs, all of them round to 0 */
} qmcu_softmax_reciprocal;

/* sum: Q12.19 */
static qmcu_softmax_reciprocal qmcu_softmax_reciprocal_of(int32_t sum)
{
    int32_t headroom = 0; /* leading zeros of the sum: at least 1, the sign */
    while (((uint32_t)sum << headroom & 0x80000000u) == 0u) {
        ++headroom;
    }
    const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) - 0x80000000u);
    const qmcu_softmax_reciprocal result = {reciprocal_of_one_plus(fraction),
                                            12 - headroom + 31 - 8};
    return result;
}

#endif
