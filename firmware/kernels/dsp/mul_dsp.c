/* mul for the DSP extension. With h = (product * 2^left * multiplier + 2^31) >> 32, 2 h leaves room
   for the sign, which turns ties of the rounding division away from zero, where nothing is divided. */
#include "mul_dsp.h"

#include "dsp.h"
#include "output_strides.h"

/* Of a product shifted to the left. */
static inline int8_t output_of(int32_t product, int32_t multiplier, int32_t rounding, int32_t shift)
{
    const int32_t high = qmcu_smmulr(product, multiplier);
    return (int8_t)qmcu_saturate_s8((2 * high + rounding + (product >> 31)) >> shift);
}

/* A row of an input times one value, shifted to the left; inputs and outputs lie `step` apart. */
static void multiply_by_one(const qmcu_mul_dsp_params *p, const int8_t *input, int32_t zero_point,
                            int32_t value, int8_t *output, int32_t step, int32_t length)
{
    const int32_t multiplier = p->multiplier, rounding = p->rounding, shift = p->shift;
    const int32_t offset = -zero_point * value, end = step * length;
    for (int32_t i = 0; i != end; i += step) {
        output[i] = output_of(input[i] * value + offset, multiplier, rounding, shift);
    }
}

/* A row of pairs. */
static void multiply_pairs(const qmcu_mul_dsp_params *p, const int8_t *a, const int8_t *b,
                           int8_t *output, int32_t length)
{
    const int32_t zero1 = p->input1_zero_point, times = 1 << p->left;
    const int32_t offset = -p->input2_zero_point * times;
    const int32_t multiplier = p->multiplier, rounding = p->rounding, shift = p->shift;
    for (int8_t *const end = output + length; output != end;) {
        const int32_t product = (*a++ - zero1) * (*b++ * times + offset);
        *output++ = output_of(product, multiplier, rounding, shift);
    }
}

void qmcu_mul_dsp(const qmcu_mul_dsp_params *params, const int8_t *input1, const int8_t *input2,
                  int8_t *output)
{
    const qmcu_mul_dsp_params *const p = params;
    int32_t strides[QMCU_WALK_RANK];
    qmcu_output_strides(p->shape, p->along, strides);
    const int32_t last = QMCU_WALK_RANK - 1, zero1 = p->input1_zero_point;
    const int32_t zero2 = p->input2_zero_point, times = 1 << p->left;
    const int32_t length = p->shape[last], step = strides[last];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *const a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int8_t *const b = input2 + qmcu_walk_offset(&walk, p->strides2);
        int8_t *const to = output + qmcu_walk_offset(&walk, strides);
        if (p->strides2[last] == 0) {
            multiply_by_one(p, a, zero1, (*b - zero2) * times, to, step, length);
        } else if (p->strides1[last] == 0) {
            multiply_by_one(p, b, zero2, (*a - zero1) * times, to, step, length);
        } else {
            multiply_pairs(p, a, b, to, length);
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
