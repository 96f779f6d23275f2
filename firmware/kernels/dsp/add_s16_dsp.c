/* add_s16 for the DSP extension. Inputs with 15 bits more, at most 2^29 at the common scale. With h the
   doubling high product, (2 h + sign + 2^r) >> (r + 1) is h / 2^r with ties away from zero, and h
   where r is 0. */
#include "add_s16_dsp.h"

#include "dsp.h"

/* shift is r + 1. */
static inline int32_t scaled(int32_t twice, int32_t multiplier, int32_t shift)
{
    const int32_t rounding = (int32_t)(1u << (shift - 1));
    return (2 * qmcu_smmulr(twice, multiplier) + rounding + (twice >> 31)) >> shift;
}

/* `length` sums; what it reads of the parameters are copies that no store can reach. */
static inline void add_row(const qmcu_add_s16_dsp_params *p, const int16_t *a, const int16_t *b,
                           int16_t *output, int32_t length)
{
    const int32_t multiplier1 = p->multipliers[0], shift1 = p->shifts[0];
    const int32_t multiplier2 = p->multipliers[1], shift2 = p->shifts[1];
    const int32_t multiplier = p->multipliers[2], shift = p->shifts[2];
    const int32_t sign = p->input2_sign, halved = multiplier1 == 1 << 30 && shift1 == 1;
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    for (int16_t *const end = output + length; output < end; a += step1, b += step2) {
        /* Twice the sum. An input that is halved, the one of the larger scale, has 14 bits more. */
        const int32_t twice =
            halved ? *a * (1 << 15) + 2 * sign * scaled(*b * (1 << 16), multiplier2, shift2)
                   : 2 * scaled(*a * (1 << 16), multiplier1, shift1) + *b * (sign * (1 << 15));
        *output++ = (int16_t)qmcu_saturate_s16(scaled(twice, multiplier, shift));
    }
}

void qmcu_add_s16_dsp(const qmcu_add_s16_dsp_params *params, const int16_t *input1,
                      const int16_t *input2, int16_t *output)
{
    const qmcu_add_s16_dsp_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        add_row(p, input1 + qmcu_walk_offset(&walk, p->strides1),
                input2 + qmcu_walk_offset(&walk, p->strides2), output, length);
        output += length;
    } while (qmcu_walk_next(&walk, p->shape));
}
