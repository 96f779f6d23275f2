/* Elementwise, int16: (a - b)^2 with broadcasting. Both inputs come to one scale, twice the larger:
   at most 2^15 / 2 each, so the square of their difference is below 2^30. */
#include "squared_difference_s16.h"

#include "requantize.h"

static int16_t squared(const qmcu_squared_difference_params *p, int16_t input1, int16_t input2)
{
    const int32_t a =
        qmcu_requantize(input1 - p->input1_zero_point, p->input1_multiplier, p->input1_shift);
    const int32_t b =
        qmcu_requantize(input2 - p->input2_zero_point, p->input2_multiplier, p->input2_shift);
    const int32_t scaled =
        qmcu_requantize((a - b) * (a - b), p->output_multiplier, p->output_shift);
    const int32_t result = scaled + p->output_zero_point;
    return (int16_t)(result < INT16_MIN ? INT16_MIN : result > INT16_MAX ? INT16_MAX : result);
}

void qmcu_squared_difference_s16(const qmcu_squared_difference_params *params,
                                 const int16_t *input1, const int16_t *input2, int16_t *output)
{
    const qmcu_squared_difference_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int16_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int16_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = squared(p, *a, *b);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
