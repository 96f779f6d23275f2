/* Elementwise sum or difference with broadcasting.

   Both inputs are brought to a common scale with 20 more bits:
   x = requantize((input - zero_point) * 2^20, multiplier, shift); then
   output = clamp(requantize(x1 + sign * x2) + output_zero_point). */
#include "add.h"

#include "requantize.h"

#define HEADROOM (1 << 20)

static int8_t sum(const qmcu_add_params *p, int8_t input1, int8_t input2)
{
    const int32_t x1 = qmcu_requantize((input1 - p->input1_zero_point) * HEADROOM,
                                       p->input1_multiplier, p->input1_shift);
    const int32_t x2 = qmcu_requantize((input2 - p->input2_zero_point) * HEADROOM,
                                       p->input2_multiplier, p->input2_shift);
    const int32_t scaled =
        qmcu_requantize(x1 + p->input2_sign * x2, p->output_multiplier, p->output_shift);
    return qmcu_clamp_s8(scaled + p->output_zero_point, p->activation_minimum,
                         p->activation_maximum);
}

void qmcu_add(const qmcu_add_params *params, const int8_t *input1, const int8_t *input2,
              int8_t *output)
{
    const qmcu_add_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int8_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = sum(p, *a, *b);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
