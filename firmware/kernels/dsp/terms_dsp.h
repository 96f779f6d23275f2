/* Two inputs at a common scale, twice the larger of theirs and some bits finer: the wider one is only
   shifted, the other one scaled by a high product. With h that of twice the value, 2 h leaves room for
   the sign, which turns ties of the rounding division away from zero, where nothing is divided:
   (2 h + sign + 2^r) >> (r + 1). A scaled input is below 2^27, so that 2^30 and 2^31 both divide it
   to 0. */
#ifndef QMCU_TERMS_DSP_H
#define QMCU_TERMS_DSP_H

#include "dsp.h"

#define QMCU_HALF (1 << 30) /* the multiplier of the wider input, with a shift of 0 */

/* Twice a byte less its zero point is byte * unit + offset. */
typedef struct {
    int32_t unit;
    int32_t offset;
    int32_t multiplier;
    int32_t rounding; /* 2^r */
    int32_t right;    /* r + 1 */
} qmcu_term;

/* For inputs with `bits` bits more and a shift that is not positive. */
static inline qmcu_term qmcu_term_of(int32_t zero_point, int32_t multiplier, int32_t shift,
                                     int32_t bits)
{
    const int32_t most = 30, right = -shift < most ? -shift : most, unit = 2 << bits;
    const qmcu_term result = {unit, -zero_point * unit, multiplier, 1 << right, right + 1};
    return result;
}

static inline int32_t qmcu_scaled_term(const qmcu_term *t, int32_t byte)
{
    const int32_t value = byte * t->unit + t->offset;
    const int32_t high = qmcu_smmulr(value, t->multiplier);
    return (2 * high + (value >> 31) + t->rounding) >> t->right;
}

#endif
