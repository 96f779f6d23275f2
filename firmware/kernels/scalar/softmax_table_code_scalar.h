/* What softmax from a table takes on cores without the DSP extension. */
#ifndef QMCU_SOFTMAX_TABLE_CODE_SCALAR_H
#define QMCU_SOFTMAX_TABLE_CODE_SCALAR_H

#include "output_scalar.h"
#define HIGH_MULTIPLY qmcu_scalar_high_multiply
#include "softmax_table_code.h"

static int32_t qmcu_largest_scalar(const int8_t *input, int32_t depth)
{
    int32_t largest = INT8_MIN;
    for (const int8_t *const end = input + depth; input != end; ++input) {
        largest = *input > largest ? *input : largest;
    }
    return largest;
}

#if defined(__ARM_ARCH_6M__)
/* Which multiplies 32 by 32 bits to 32. */
static inline uint32_t qmcu_softmax_scaled_scalar(uint32_t mantissa, uint32_t e, uint32_t exponent)
{
    const uint32_t high = (uint32_t)qmcu_scalar_high_multiply((int32_t)mantissa, (int32_t)e);
    return (high + (1u << (exponent - 1))) >> exponent;
}
#else
#define qmcu_softmax_scaled_scalar qmcu_softmax_scaled_wide
#endif

#endif
