/* add with broadcasting and scales of any ratio for the DSP extension: see terms_dsp.h. Sums are made
   shifted to the left by what the last product needs. */
#include "add_any_dsp.h"

#include "rows_dsp.h"
#include "terms_dsp.h"

#define BITS 20

typedef struct {
    qmcu_term other;
    int32_t wide;  /* what a byte of the wider input is times */
    int32_t times; /* what the other input, scaled, is times */
    int32_t offset;
    int32_t multiplier;
    int32_t rounding; /* 2^r */
    int32_t right;    /* r + 1 */
    int32_t zero_point;
} terms;

static terms terms_of(const qmcu_add_params *p, int32_t second_is_wider)
{
    const int32_t shift = p->output_shift, right = shift > 0 ? 0 : -shift < 30 ? -shift : 30;
    const int32_t left = 1 + (shift > 0 ? shift : 0), sign = p->input2_sign;
    const int32_t wide = (second_is_wider ? sign : 1) * (1 << (BITS - 1 + left));
    const int32_t zero_point = second_is_wider ? p->input2_zero_point : p->input1_zero_point;
    const terms result = {
        second_is_wider
            ? qmcu_term_of(p->input1_zero_point, p->input1_multiplier, p->input1_shift, BITS)
            : qmcu_term_of(p->input2_zero_point, p->input2_multiplier, p->input2_shift, BITS),
        wide,
        (second_is_wider ? 1 : sign) * (1 << left),
        -zero_point * wide,
        p->output_multiplier,
        1 << right,
        right + 1,
        p->output_zero_point,
    };
    return result;
}

static inline int8_t output_of(const terms *t, int32_t sum)
{
    const int32_t high = qmcu_smmulr(sum, t->multiplier);
    const int32_t scaled = (2 * high + (sum >> 31) + t->rounding) >> t->right;
    return (int8_t)qmcu_saturate_s8(scaled + t->zero_point);
}

/* A row of outputs, `step` bytes apart as the input that is not repeated. */
static void add_row(const void *all, const int8_t *wide, int32_t wide_step, const int8_t *other,
                    int32_t other_step, int8_t *output, int32_t step, int32_t length)
{
    const terms t = *(const terms *)all;
    const int32_t end = step * length;
    if (other_step == 0) {
        const int32_t begin = qmcu_scaled_term(&t.other, *other) * t.times + t.offset;
        for (int32_t i = 0; i != end; i += step) {
            output[i] = output_of(&t, wide[i] * t.wide + begin);
        }
    } else if (wide_step == 0) {
        const int32_t begin = *wide * t.wide + t.offset;
        for (int32_t i = 0; i != end; i += step) {
            output[i] = output_of(&t, qmcu_scaled_term(&t.other, other[i]) * t.times + begin);
        }
    } else {
        for (int32_t i = 0; i != length; ++i) {
            const int32_t begin = wide[i] * t.wide + t.offset;
            output[i] = output_of(&t, qmcu_scaled_term(&t.other, other[i]) * t.times + begin);
        }
    }
}

void qmcu_add_any_dsp(const qmcu_add_any_dsp_params *params, const int8_t *input1,
                      const int8_t *input2, int8_t *output)
{
    const qmcu_add_params *const p = &params->pairs;
    const int32_t second_is_wider = p->input1_multiplier != QMCU_HALF || p->input1_shift != 0;
    const terms t = terms_of(p, second_is_wider);
    const int32_t *const wide_strides = second_is_wider ? p->strides2 : p->strides1;
    const int32_t *const other_strides = second_is_wider ? p->strides1 : p->strides2;
    qmcu_walk_pairs_dsp(p->shape, wide_strides, other_strides, params->along,
                        second_is_wider ? input2 : input1, second_is_wider ? input1 : input2,
                        output, &t, add_row);
}
