/* floor(input1 / input2), the quotient and its floor as doubles, with broadcasting. */
#include "floor_div_f32.h"

static float quotient(float a, float b)
{
    const double exact = (double)a / (double)b;
    /* From 2^52 on all doubles are whole; what is not a number stays. */
    if (!(exact < 4503599627370496.0 && exact > -4503599627370496.0) || exact == 0.0) {
        return (float)exact;
    }
    const double whole = (double)(int64_t)exact;
    /* Towards zero, which the sign of a zero shows. */
    const double signed_whole = whole == 0.0 && exact < 0.0 ? -whole : whole;
    return (float)(signed_whole > exact ? signed_whole - 1.0 : signed_whole);
}

void qmcu_floor_div_f32(const qmcu_binary_params *params, const float *input1, const float *input2,
                        float *output)
{
    const qmcu_binary_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const float *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const float *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = quotient(*a, *b);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
