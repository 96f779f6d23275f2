/* squared_difference for the DSP extension: see terms_dsp.h. Squares are below 2^30 and not negative. */
#include "squared_difference_dsp.h"

#include "rows_dsp.h"
#include "terms_dsp.h"

#define BITS 7

typedef struct {
    qmcu_term other;
    int32_t wide; /* what a byte of the wider input is times */
    int32_t offset;
    int32_t multiplier;
    uint32_t rounding; /* 2^r */
    int32_t right;     /* r + 1 */
    int32_t zero_point;
} terms;

static terms terms_of(const qmcu_squared_difference_params *p, int32_t second_is_wider)
{
    const int32_t wide = 1 << (BITS - 1), right = -p->output_shift;
    const int32_t zero_point = second_is_wider ? p->input2_zero_point : p->input1_zero_point;
    const terms result = {
        second_is_wider
            ? qmcu_term_of(p->input1_zero_point, p->input1_multiplier, p->input1_shift, BITS)
            : qmcu_term_of(p->input2_zero_point, p->input2_multiplier, p->input2_shift, BITS),
        wide,
        -zero_point * wide,
        right < 31 ? p->output_multiplier : 0, /* divided by 2^31 nothing is left */
        1u << (right < 31 ? right : 30),
        right < 31 ? right + 1 : 31,
        p->output_zero_point,
    };
    return result;
}

static inline int8_t output_of(const terms *t, int32_t difference)
{
    const int32_t high = qmcu_smmulr(2 * difference * difference, t->multiplier);
    const uint32_t scaled = (2u * (uint32_t)high + t->rounding) >> t->right;
    return (int8_t)qmcu_saturate_s8((int32_t)scaled + t->zero_point);
}

/* A row of outputs, `step` bytes apart as the input that is not repeated. */
static void square_row(const void *all, const int8_t *wide, int32_t wide_step, const int8_t *other,
                       int32_t other_step, int8_t *output, int32_t step, int32_t length)
{
    const terms t = *(const terms *)all;
    const int32_t end = step * length;
    if (other_step == 0) {
        const int32_t begin = t.offset - qmcu_scaled_term(&t.other, *other);
        for (int32_t i = 0; i != end; i += step) {
            output[i] = output_of(&t, wide[i] * t.wide + begin);
        }
    } else if (wide_step == 0) {
        const int32_t begin = *wide * t.wide + t.offset;
        for (int32_t i = 0; i != end; i += step) {
            output[i] = output_of(&t, begin - qmcu_scaled_term(&t.other, other[i]));
        }
    } else {
        for (int32_t i = 0; i != length; ++i) {
            const int32_t begin = wide[i] * t.wide + t.offset;
            output[i] = output_of(&t, begin - qmcu_scaled_term(&t.other, other[i]));
        }
    }
}

void qmcu_squared_difference_dsp(const qmcu_squared_difference_dsp_params *params,
                                 const int8_t *input1, const int8_t *input2, int8_t *output)
{
    const qmcu_squared_difference_params *const p = &params->pairs;
    const int32_t second_is_wider = p->input1_multiplier != QMCU_HALF || p->input1_shift != 0;
    const terms t = terms_of(p, second_is_wider);
    const int32_t *const wide_strides = second_is_wider ? p->strides2 : p->strides1;
    const int32_t *const other_strides = second_is_wider ? p->strides1 : p->strides2;
    qmcu_walk_pairs_dsp(p->shape, wide_strides, other_strides, params->along,
                        second_is_wider ? input2 : input1, second_is_wider ? input1 : input2,
                        output, &t, square_row);
}
