/* output = clamp(round(input / scale) + zero_point), ties away from zero, for cores without floating point.
   |input| = m * 2^(e - 150) with 24 bits of m, so that |quotient| is
     (m * 2^8 * reciprocal >> 32) * 2^(e - exponent),
   which has 30 bits at least: off by less than 2^-29 of it, and float's quotient by 2^-24. In 2^-32 of what
   one is that is below 2^19 for quotients below 256. Nearer to a tie than that, what float's quotient
   would be decides: it reaches the tie where the exact one is no less than what lies halfway between the
   tie and the float before it, which has 25 bits. */
#include "quantize_f32_s8_scalar.h"

#include <string.h>

#define TIE 0x80000000u
#define NEAR 0x80000u

/* Whether m * 2^(e - 150), divided by the scale, is at least `whole` and a half once it is a float. The
   quotient is within an eighth of that, so that m << left has 47 to 50 bits, as what it is compared to. */
static uint32_t reaches(float divisor, uint32_t m, int32_t e, uint32_t whole)
{
    uint32_t scale;
    memcpy(&scale, &divisor, sizeof scale);
    uint32_t bound = 2 * whole + 1;
    int32_t left = e - (int32_t)(scale >> 23) + 1;
    do {
        bound <<= 1;
        ++left;
    } while (bound < 1u << 24);
    if (whole == 0) { /* a power of two: floats before it are as near as to the next lower one */
        bound <<= 1;
        ++left;
    }
    const uint64_t least = (uint64_t)(bound - 1) * ((scale & 0x7FFFFFu) | 0x800000u);
    const uint64_t own = (uint64_t)(m >> (32 - left)) << 32 | m << left;
    return own >= least;
}

static int32_t quotient(const qmcu_quantize_f32_s8_scalar_params *p, const float *input)
{
    uint32_t bits;
    memcpy(&bits, input, sizeof bits);
    const int32_t e = (int32_t)(bits >> 23 & 0xFFu), shift = p->exponent - e;
    const uint32_t m = (bits | 0x800000u) << 8;
    const uint32_t high = (uint32_t)((uint64_t)m * p->reciprocal >> 32);
    uint32_t whole = 256, part = 0; /* what is beyond all bytes */
    if (bits << 1 > 0xFF000000u) {
        return INT8_MIN - p->zero_point; /* not a number */
    }
    if (shift >= 32) {
        whole = 0;
        part = shift < 64 ? high >> (shift - 32) : 0;
    } else if (shift > 22) {
        whole = high >> shift;
        part = high << (32 - shift);
    }
    if (part - (TIE - NEAR) < 2 * NEAR) {
        part = reaches(p->scale, m >> 8, e, whole) << 31;
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
