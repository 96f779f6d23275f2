/* add_s16 with products of 32 bits: an input v times a multiplier high * 2^16 + low over 2^16 is
   v * high + (v * low + 2^15 >> 16), rounded as the 64-bit product is. */
#include "add_s16_scalar.h"

#include "output_scalar.h"

typedef struct {
    int32_t high;
    int32_t low;
    int32_t right;
} term;

static inline term term_of(int32_t multiplier, int32_t shift)
{
    return (term){multiplier >> 16, multiplier & 0xFFFF, -shift};
}

static inline int32_t scale(const term *t, int32_t value)
{
    const int32_t x = value * t->high + ((value * t->low + (1 << 15)) >> 16);
    if (t->right == 0) {
        return x;
    }
    return (((x + (value >> 31)) >> (t->right - 1)) + 1) >> 1;
}

void qmcu_add_s16_scalar(const qmcu_add_s16_scalar_params *params, const int16_t *input1,
                         const int16_t *input2, int16_t *output)
{
    const qmcu_add_s16_params *const p = params;
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    const term first = term_of(p->input1_multiplier, p->input1_shift);
    const term second = term_of(p->input2_multiplier, p->input2_shift);
    const int32_t halved = QMCU_IS_HALVED_S16(p->input1_multiplier, p->input1_shift);
    const int32_t sign = p->input2_sign, multiplier = p->output_multiplier, shift = p->output_shift;
    const int32_t minimum = p->activation_minimum, maximum = p->activation_maximum;
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int16_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int16_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (const int16_t *const end = output + p->shape[QMCU_WALK_RANK - 1]; output != end;) {
            /* 14 bits more of the input that is halved. */
            const int32_t sum = halved ? *a * (1 << 14) + sign * scale(&second, *b)
                                       : scale(&first, *a) + *b * (sign * (1 << 14));
            const int32_t value = qmcu_scalar_requantize((uint32_t)sum, multiplier, shift);
            *output++ = (int16_t)(value < minimum ? minimum : value > maximum ? maximum : value);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
