/* Output bytes from sums, for cores without the DSP extension. */
#ifndef QMCU_OUTPUT_SCALAR_H
#define QMCU_OUTPUT_SCALAR_H

#include "accumulate.h"

/* What all outputs of a layer share. */
typedef struct {
    int32_t zero_point;
    int32_t minimum;
    int32_t maximum;
} qmcu_output_limits;

/* The channels' constants: `step` 1 for a multiplier and shift each, 0 for one for all. */
typedef struct {
    const int32_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t step;
} qmcu_output_channels;

/* qmcu_doubling_high_multiply. Cortex-M0+ multiplies 32 by 32 bits to 32: with a = ah * 2^16 + al and
   b = bh * 2^16 + bl, al and bl unsigned, t = ah * bl + (al * bl >> 16) and
   u = t mod 2^16 + al * bh keep to 32 bits, and a * b / 2^31 is 2 * (ah * bh + (t >> 16)) + u / 2^15. */
static inline int32_t qmcu_scalar_high_multiply(int32_t a, int32_t b)
{
#if defined(__ARM_ARCH_6M__)
    const int32_t ah = a >> 16, bh = b >> 16;
    const uint32_t al = (uint16_t)a, bl = (uint16_t)b;
    const int32_t t = ah * (int32_t)bl + (int32_t)(al * bl >> 16);
    const int32_t u = (uint16_t)t + (int32_t)al * bh;
    return (int32_t)(((uint32_t)(ah * bh + (t >> 16)) << 1) + (uint32_t)((u + (1 << 14)) >> 15));
#else
    return qmcu_doubling_high_multiply(a, b);
#endif
}

/* The same of a `b` from 2^30 on. Cores that multiply to 64 bits add 2^31 to the product with 2 * b and
   take the upper word; 2 * b as a signed number is 2^32 less, for which `a` makes good there. */
static inline int32_t qmcu_scalar_large_multiply(int32_t a, int32_t b)
{
#if defined(__ARM_ARCH_6M__)
    return qmcu_scalar_high_multiply(a, b);
#else
    const uint64_t begin = (uint64_t)(uint32_t)a << 32 | 1u << 31;
    const int64_t product = (int64_t)a * (int32_t)((uint32_t)b << 1);
    return (int32_t)(uint32_t)((begin + (uint64_t)product) >> 32);
#endif
}

static inline int8_t qmcu_scalar_clamp(int32_t value, const qmcu_output_limits *limits)
{
    return qmcu_clamp_s8((int32_t)((uint32_t)value + (uint32_t)limits->zero_point), limits->minimum,
                         limits->maximum);
}

/* qmcu_requantize; `multiply` as the next two have it. A shift to the right by s = -shift bits rounds ties
   away from zero: (x - [sum < 0] + 2^(s - 1)) >> s, for x has the sign of the sum or is 0. */
static inline __attribute__((always_inline)) int32_t qmcu_scalar_requantize_by(
    uint32_t sum, int32_t multiplier, int32_t shift, int32_t (*multiply)(int32_t, int32_t))
{
    if (shift >= 0) {
        return qmcu_scalar_high_multiply((int32_t)(sum << shift), multiplier);
    }
    const int32_t x = multiply((int32_t)sum, multiplier) + ((int32_t)sum >> 31);
    return ((x >> (-1 - shift)) + 1) >> 1;
}

/* Of a multiplier that is 2^30 at least, or 0 with a shift of 0. */
static inline int32_t qmcu_scalar_requantize(uint32_t sum, int32_t multiplier, int32_t shift)
{
    return qmcu_scalar_requantize_by(sum, multiplier, shift, qmcu_scalar_large_multiply);
}

/* Of any multiplier. */
static inline int32_t qmcu_scalar_requantize_any(uint32_t sum, int32_t multiplier, int32_t shift)
{
    return qmcu_scalar_requantize_by(sum, multiplier, shift, qmcu_scalar_high_multiply);
}

/* qmcu_output_s8 of such a multiplier as qmcu_scalar_requantize takes. */
static inline int8_t qmcu_scalar_output(uint32_t sum, int32_t multiplier, int32_t shift,
                                        const qmcu_output_limits *limits)
{
    return qmcu_scalar_clamp(qmcu_scalar_requantize(sum, multiplier, shift), limits);
}

/* Four outputs of one channel. */
void qmcu_store_pixels_scalar(const uint32_t sums[4], int32_t multiplier, int32_t shift,
                              const qmcu_output_limits *limits, int8_t *const outputs[4]);

#endif
