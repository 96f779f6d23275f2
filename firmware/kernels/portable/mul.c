/* Elementwise product with broadcasting:
   output = clamp(requantize((input1 - zero1) * (input2 - zero2)) + output_zero_point). */
#include "mul.h"

#include "requantize.h"

static int8_t product(const qmcu_mul_params *p, int8_t input1, int8_t input2)
{
    const int32_t raw = (input1 - p->input1_zero_point) * (input2 - p->input2_zero_point);
    const int32_t scaled = qmcu_requantize(raw, p->output_multiplier, p->output_shift);
    return qmcu_clamp_s8(scaled + p->output_zero_point, p->activation_minimum,
                         p->activation_maximum);
}

void qmcu_mul(const qmcu_mul_params *params, const int8_t *input1, const int8_t *input2,
              int8_t *output)
{
    const qmcu_mul_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int8_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = product(p, *a, *b);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
