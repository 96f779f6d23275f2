/* add for cores without the DSP extension. An input has 9 bits: with a multiplier of h * 2^11 + l,
   (value * 2^20 * multiplier + 2^30) >> 31 is value * h + ((value * l + 2^10) >> 11). */
#include "add_scalar.h"

#include "output_scalar.h"
#include "uses_scalar.h"

typedef struct {
    int32_t zero_point;
    int32_t high; /* the multiplier's upper 20 bits */
    int32_t low;  /* its lower 11 */
    int32_t right;
} term;

static term term_of(int32_t zero_point, int32_t multiplier, int32_t shift)
{
    const term result = {zero_point, multiplier >> 11, multiplier & ((1 << 11) - 1), -shift};
    return result;
}

/* qmcu_requantize(value * 2^20, multiplier, shift); shift is not positive. */
static inline int32_t scale(const term *t, int32_t byte)
{
    const int32_t value = byte - t->zero_point;
    const int32_t x = value * t->high + ((value * t->low + (1 << 10)) >> 11);
    if (t->right == 0) {
        return x;
    }
    return (((x + (value >> 31)) >> (t->right - 1)) + 1) >> 1;
}

void qmcu_add_scalar(const qmcu_add_scalar_params *params, const int8_t *input1,
                     const int8_t *input2, int8_t *output)
{
    const qmcu_add_scalar_params *const p = params;
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    const term first = term_of(p->input1_zero_point, p->input1_multiplier, p->input1_shift);
    const term second = term_of(p->input2_zero_point, p->input2_multiplier, p->input2_shift);
    const qmcu_output_limits limits = {p->output_zero_point, p->activation_minimum,
                                       p->activation_maximum};
    const int32_t sign = p->input2_sign, multiplier = p->output_multiplier, shift = p->output_shift;
    if (!QMCU_USES_LARGE_SUMS && shift >= 0) { /* of no layer of the image */
        __builtin_unreachable();
    }
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int8_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (const int8_t *const end = output + p->shape[QMCU_WALK_RANK - 1]; output != end;) {
            const int32_t x = scale(&first, *a), y = scale(&second, *b);
            const int32_t sum = QMCU_USES_DIFFERENCES && sign < 0 ? x - y : x + y;
            *output++ = qmcu_scalar_output((uint32_t)sum, multiplier, shift, &limits);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
