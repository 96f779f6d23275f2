/* For int16, alpha int8: x where it is not negative, else alpha * x, with broadcasting:
   output = clamp(requantize(x or (alpha - alpha_zero) * x) + output_zero_point),
   x = input - input_zero_point. */
#include "prelu_s16.h"

#include "requantize.h"

static int16_t sloped(const qmcu_prelu_params *p, int16_t input, int8_t alpha)
{
    const int32_t x = input - p->input_zero_point;
    const int32_t scaled = x >= 0 ? qmcu_requantize(x, p->positive_multiplier, p->positive_shift)
                                  : qmcu_requantize(x * (alpha - p->alpha_zero_point),
                                                    p->negative_multiplier, p->negative_shift);
    const int32_t result = scaled + p->output_zero_point;
    return (int16_t)(result < INT16_MIN ? INT16_MIN : result > INT16_MAX ? INT16_MAX : result);
}

void qmcu_prelu_s16(const qmcu_prelu_params *params, const int16_t *input, const int8_t *alpha,
                    int16_t *output)
{
    const qmcu_prelu_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int16_t *a = input + qmcu_walk_offset(&walk, p->strides1);
        const int8_t *b = alpha + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = sloped(p, *a, *b);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
