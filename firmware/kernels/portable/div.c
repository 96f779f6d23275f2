/* Elementwise quotient with broadcasting:
   output = clamp((input1 - zero1) / (input2 - zero2) * multiplier * 2^(shift - 31) + zero).

   The numerator is shifted left as far as an int32 has room, multiplied by the reciprocal and by
   the output's multiplier, and shifted back. */
#include "div.h"

#include "requantize.h"

/* How many bits of a small number repeat its sign. */
static int32_t headroom(int32_t value)
{
    int32_t magnitude = value < 0 ? ~value : value;
    int32_t free = 31;
    while (magnitude > 0) {
        magnitude >>= 1;
        --free;
    }
    return free;
}

/* value / 2^exponent; beyond 31 what the interpreter's shifts of an x86 give. */
static int32_t shifted_back(int32_t value, int32_t exponent)
{
    if (exponent <= 31) {
        return qmcu_rounding_divide(value, exponent);
    }
    return (value >> (exponent & 31)) + (value >= 0 ? 1 : 0);
}

static int8_t quotient(const qmcu_div_params *p, int8_t input1, int8_t input2,
                       const int32_t *reciprocals)
{
    int32_t numerator = input1 - p->input1_zero_point;
    int32_t divisor = input2 - p->input2_zero_point;
    if (divisor < 0) {
        numerator = -numerator;
        divisor = -divisor;
    }
    /* floor(log2(divisor)), and -1 for 0. */
    const int32_t divisor_bits = 30 - headroom(divisor);
    const int32_t room = headroom(numerator);
    const int32_t fine = qmcu_doubling_high_multiply((int32_t)((uint32_t)numerator << room),
                                                     reciprocals[(uint8_t)input2]);
    const int32_t scaled = qmcu_doubling_high_multiply(fine, p->output_multiplier);
    const int32_t result = shifted_back(scaled, divisor_bits + room - p->output_shift);
    return qmcu_clamp_s8((int32_t)((uint32_t)result + (uint32_t)p->output_zero_point),
                         p->activation_minimum, p->activation_maximum);
}

void qmcu_div(const qmcu_div_params *params, const int8_t *input1, const int8_t *input2,
              const int32_t *reciprocals, int8_t *output)
{
    const qmcu_div_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int8_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = quotient(p, *a, *b, reciprocals);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
