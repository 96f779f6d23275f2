/* add with broadcasting and scales of any ratio for the DSP extension. Twice the high product leaves
   room for the sign, which turns ties of the rounding division away from zero, where nothing is
   divided: (2 h + sign + 2^r) >> (r + 1). An input has 9 bits and a multiplier of at most 1/2, so that
   it is below 2^27 when scaled, and both dividing by 2^30 and by 2^31 leave 0. */
#include "add_any_dsp.h"

#include "dsp.h"

typedef struct {
    int32_t multiplier;
    int32_t left;     /* one more than how far to the left */
    int32_t rounding; /* 2^r */
    int32_t right;    /* r + 1 */
} scaling;

static scaling scaling_of(int32_t multiplier, int32_t shift)
{
    const int32_t most = 30, right = shift > 0 ? 0 : -shift < most ? -shift : most;
    const scaling result = {multiplier, 1 + (shift > 0 ? shift : 0), (int32_t)(1u << right),
                            right + 1};
    return result;
}

static inline int32_t scaled(const scaling *s, int32_t value)
{
    const int32_t high = qmcu_smmulr((int32_t)((uint32_t)value << s->left), s->multiplier);
    return (2 * high + (value >> 31) + s->rounding) >> s->right;
}

typedef struct {
    int32_t zero_point;
    scaling scale;
} term;

/* An input with 20 more bits, in the common scale. */
static inline int32_t term_of(const term *t, int32_t byte)
{
    return scaled(&t->scale, (int32_t)((uint32_t)(byte - t->zero_point) << 20));
}

static inline int8_t output_of(const term *t, int32_t sum)
{
    return (int8_t)qmcu_saturate_s8(scaled(&t->scale, sum) + t->zero_point);
}

void qmcu_add_any_dsp(const qmcu_add_any_dsp_params *params, const int8_t *input1,
                      const int8_t *input2, int8_t *output)
{
    const qmcu_add_params *const p = params;
    const term first = {p->input1_zero_point, scaling_of(p->input1_multiplier, p->input1_shift)};
    const term second = {p->input2_zero_point, scaling_of(p->input2_multiplier, p->input2_shift)};
    const term target = {p->output_zero_point, scaling_of(p->output_multiplier, p->output_shift)};
    const int32_t sign = p->input2_sign;
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int8_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        const int8_t *const end = output + p->shape[QMCU_WALK_RANK - 1];
        if (step2 == 0) {
            const int32_t y = sign * term_of(&second, *b);
            do {
                *output++ = output_of(&target, term_of(&first, *a++) + y);
            } while (output != end);
        } else if (step1 == 0) {
            const int32_t x = term_of(&first, *a);
            do {
                *output++ = output_of(&target, x + sign * term_of(&second, *b++));
            } while (output != end);
        } else {
            do {
                const int32_t y = sign * term_of(&second, *b++);
                *output++ = output_of(&target, term_of(&first, *a++) + y);
            } while (output != end);
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
