/* Whether a relation holds between two quantized numbers, with broadcasting. Compared are
   x = requantize((input - zero_point) * 2^8, multiplier, shift), for each input's scale. */
#include "compare_s8.h"

#include "requantize.h"

static uint32_t order(const qmcu_compare_s8_params *p, int8_t input1, int8_t input2)
{
    const int32_t a = qmcu_requantize((input1 - p->input1_zero_point) * 256, p->input1_multiplier,
                                      p->input1_shift);
    const int32_t b = qmcu_requantize((input2 - p->input2_zero_point) * 256, p->input2_multiplier,
                                      p->input2_shift);
    if (a < b) {
        return QMCU_IS_LESS;
    }
    return a > b ? QMCU_IS_GREATER : QMCU_IS_EQUAL;
}

void qmcu_compare_s8(const qmcu_compare_s8_params *params, const int8_t *input1,
                     const int8_t *input2, uint8_t *output)
{
    const qmcu_binary_params *const p = &params->compare.binary;
    const uint32_t relation = (uint32_t)params->compare.relation;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int8_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = (relation & order(params, *a, *b)) != 0u;
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
