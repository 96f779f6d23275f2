/* squared_difference for cores without the DSP extension: what is repeated along a row is scaled once,
   and the input with the larger scale is only shifted. */
#include "squared_difference_scalar.h"

#include "output_scalar.h"

typedef struct {
    int32_t zero_point;
    int32_t multiplier;
    int32_t shift;
} term;

/* qmcu_requantize((byte - zero_point) * 2^7, multiplier, shift) */
static inline int32_t scaled(const term *t, int32_t byte)
{
    const int32_t value = byte - t->zero_point;
    if (t->multiplier == 1 << 30 && t->shift == 0) {
        return value * (1 << 6);
    }
    return qmcu_scalar_requantize((uint32_t)value << 7, t->multiplier, t->shift);
}

static inline int8_t square(const qmcu_squared_difference_params *p, int32_t difference)
{
    const qmcu_output_limits limits = {p->output_zero_point, INT8_MIN, INT8_MAX};
    return qmcu_scalar_output((uint32_t)(difference * difference), p->output_multiplier,
                              p->output_shift, &limits);
}

/* A row of one input with one value of the other. */
static void square_with_one(const qmcu_squared_difference_params *p, const term *t,
                            const int8_t *input, int32_t value, int8_t *output)
{
    for (const int8_t *const end = output + p->shape[QMCU_WALK_RANK - 1]; output != end;) {
        *output++ = square(p, scaled(t, *input++) - value);
    }
}

void qmcu_squared_difference_scalar(const qmcu_squared_difference_scalar_params *params,
                                    const int8_t *input1, const int8_t *input2, int8_t *output)
{
    const qmcu_squared_difference_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const term first = {p->input1_zero_point, p->input1_multiplier, p->input1_shift};
    const term second = {p->input2_zero_point, p->input2_multiplier, p->input2_shift};
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int8_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        if (p->strides2[QMCU_WALK_RANK - 1] == 0) {
            square_with_one(p, &first, a, scaled(&second, *b), output);
            output += length;
        } else if (p->strides1[QMCU_WALK_RANK - 1] == 0) {
            square_with_one(p, &second, b, scaled(&first, *a), output);
            output += length;
        } else {
            for (const int8_t *const end = output + length; output != end;) {
                *output++ = square(p, scaled(&first, *a++) - scaled(&second, *b++));
            }
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
