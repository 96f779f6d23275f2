/* prelu for the DSP extension, by one high product an output (mul_dsp.c). */
#include "prelu_dsp.h"

#include "dsp.h"
#include "output_strides.h"

/* Of a value shifted to the left, with its sign: 0 or -1. */
static inline int8_t output_of(int32_t value, int32_t sign, const qmcu_prelu_scale *s)
{
    const int32_t high = qmcu_smmulr(value, s->multiplier);
    return (int8_t)qmcu_saturate_s8((2 * high + s->rounding + sign) >> s->shift);
}

/* A row whose elements lie `step` apart in the output; where `repeated`, of one alpha. */
static inline __attribute__((always_inline)) void
slope_row(const qmcu_prelu_dsp_params *p, const int8_t *input, int32_t step1, const int8_t *alpha,
          int32_t step2, int8_t *output, int32_t step, int32_t repeated)
{
    const int32_t zero = p->input_zero_point, alpha_zero = p->alpha_zero_point;
    const qmcu_prelu_scale positive = p->positive, negative = p->negative;
    const int32_t end = step * p->shape[QMCU_WALK_RANK - 1], times = 1 << negative.left;
    int32_t slope = (*alpha - alpha_zero) * times;
    for (int32_t i = 0; i != end; i += step) {
        const int32_t x = *input - zero;
        input += step1;
        if (!repeated) {
            slope = (*alpha - alpha_zero) * times;
            alpha += step2;
        }
        if (x >= 0) {
            output[i] = output_of(x << positive.left, 0, &positive);
        } else {
            output[i] = output_of(x * slope, (x * slope) >> 31, &negative);
        }
    }
}

void qmcu_prelu_dsp(const qmcu_prelu_dsp_params *params, const int8_t *input, const int8_t *alpha,
                    int8_t *output)
{
    const qmcu_prelu_dsp_params *const p = params;
    const int32_t last = QMCU_WALK_RANK - 1;
    int32_t strides[QMCU_WALK_RANK];
    qmcu_output_strides(p->shape, p->along, strides);
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *const a = input + qmcu_walk_offset(&walk, p->strides1);
        const int8_t *const b = alpha + qmcu_walk_offset(&walk, p->strides2);
        int8_t *const to = output + qmcu_walk_offset(&walk, strides);
        if (p->strides2[last] == 0) {
            slope_row(p, a, p->strides1[last], b, 0, to, strides[last], 1);
        } else {
            slope_row(p, a, p->strides1[last], b, p->strides2[last], to, strides[last], 0);
        }
    } while (qmcu_walk_next(&walk, p->shape));
}
