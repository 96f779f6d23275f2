/* mul_s16 for the DSP extension. Twice the product, saturated, makes SMMLAR the doubling high multiply;
   of both least values, whose product is 2^30, the compiler has proved that saturation does not show.
   The sign of the product stands for that of the high one and turns ties away from zero. */
#include "mul_s16_dsp.h"

#include "dsp.h"

/* `length` products; what it reads of the parameters are copies that no store can reach. */
static inline void products(const qmcu_mul_s16_dsp_params *p, const int16_t *a, const int16_t *b,
                            int16_t *output, int32_t length)
{
    const int32_t multiplier = p->multiplier, rounding = p->rounding, shift = p->shift;
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    for (int16_t *const end = output + length; output < end; a += step1, b += step2) {
        const int32_t product = *a * *b;
        const int32_t twice = qmcu_saturating_add(product, product);
        const int32_t high = qmcu_smmlar(twice, multiplier, rounding) + (product >> 31);
        *output++ = (int16_t)qmcu_saturate_s16(high >> shift);
    }
}

void qmcu_mul_s16_dsp(const qmcu_mul_s16_dsp_params *params, const int16_t *input1,
                      const int16_t *input2, int16_t *output)
{
    const qmcu_mul_s16_dsp_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        products(p, input1 + qmcu_walk_offset(&walk, p->strides1),
                 input2 + qmcu_walk_offset(&walk, p->strides2), output, length);
        output += length;
    } while (qmcu_walk_next(&walk, p->shape));
}
