/* mul for the DSP extension. With h = (product * 2^left * multiplier + 2^31) >> 32, 2 h leaves room
   for the sign, which turns ties of the rounding division away from zero, where nothing is divided. */
#include "mul_dsp.h"

#include "dsp.h"

static void multiply_row(const qmcu_mul_dsp_params *p, const int8_t *a, const int8_t *b,
                         int8_t *output)
{
    const int32_t zero1 = p->input1_zero_point, zero2 = p->input2_zero_point;
    const int32_t multiplier = p->multiplier, rounding = p->rounding;
    const int32_t left = p->left, shift = p->shift;
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    int8_t *const end = output + p->shape[QMCU_WALK_RANK - 1];
    do {
        const int32_t product = (int32_t)((uint32_t)((*a - zero1) * (*b - zero2)) << left);
        const int32_t high = qmcu_smmulr(product, multiplier);
        *output++ = (int8_t)qmcu_saturate_s8((2 * high + rounding + (product >> 31)) >> shift);
        a += step1;
        b += step2;
    } while (output != end);
}

void qmcu_mul_dsp(const qmcu_mul_dsp_params *params, const int8_t *input1, const int8_t *input2,
                  int8_t *output)
{
    const qmcu_mul_dsp_params *const p = params;
    qmcu_walk walk = qmcu_walk_begin();
    do {
        multiply_row(p, input1 + qmcu_walk_offset(&walk, p->strides1),
                     input2 + qmcu_walk_offset(&walk, p->strides2), output);
        output += p->shape[QMCU_WALK_RANK - 1];
    } while (qmcu_walk_next(&walk, p->shape));
}
