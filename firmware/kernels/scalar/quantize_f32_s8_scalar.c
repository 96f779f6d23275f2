/* output = clamp(round(input / scale) + zero_point), ties away from zero, for cores without floating point.
   |input| = m * 2^(e - 150) with 24 bits of m, so that |quotient| is
     (m * 2^8 * reciprocal >> 32) * 2^(e - exponent),
   which has 30 bits at least: off by less than 2^-29 of it, and float's quotient by 2^-24. In 2^-32 of what
   one is that is below 2^19 for quotients below 256; nearer to a tie than that, and for NaN and infinity,
   the division decides. */
#include "quantize_f32_s8_scalar.h"

#include "real.h"

#include <string.h>

#define TIE 0x80000000u
#define NEAR 0x80000u

static int32_t divided(const qmcu_quantize_f32_s8_scalar_params *p, const float *input)
{
    return qmcu_rounded_quotient(*input, p->scale, INT8_MIN - p->zero_point,
                                 INT8_MAX - p->zero_point);
}

static int32_t quotient(const qmcu_quantize_f32_s8_scalar_params *p, const float *input)
{
    uint32_t bits;
    memcpy(&bits, input, sizeof bits);
    const int32_t e = (int32_t)(bits >> 23 & 0xFFu), shift = p->exponent - e;
    const uint32_t m = (bits | 0x800000u) << 8;
    const uint32_t high = (uint32_t)((uint64_t)m * p->reciprocal >> 32);
    uint32_t whole = 256, part = 0; /* what is beyond all bytes */
    if (e == 255) {
        return divided(p, input);
    }
    if (shift >= 32) {
        whole = 0;
        part = shift < 64 ? high >> (shift - 32) : 0;
    } else if (shift > 22) {
        whole = high >> shift;
        part = high << (32 - shift);
    }
    if (part - (TIE - NEAR) < 2 * NEAR) {
        return divided(p, input);
    }
    const int32_t size = (int32_t)(whole + (part >> 31));
    return bits >> 31 ? -size : size;
}

void qmcu_quantize_f32_s8_scalar(const qmcu_quantize_f32_s8_scalar_params *params,
                                 const float *input, int8_t *output)
{
    const qmcu_quantize_f32_s8_scalar_params p = *params; /* here, for the output may be anything */
    for (const float *const end = input + p.size; input != end; ++input) {
        int32_t value = quotient(&p, input) + p.zero_point;
        value = value < INT8_MIN ? INT8_MIN : value;
        *output++ = (int8_t)(value > INT8_MAX ? INT8_MAX : value);
    }
}
