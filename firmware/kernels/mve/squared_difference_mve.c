/* squared_difference for MVE, four at a time. Squares are not negative, so VRSHL rounds them as the
   interpreter does. */
#include "squared_difference_mve.h"

#include "mve.h"

typedef struct {
    int32_t zero_point;
    int32_t multiplier;
    int32_t shift;   /* not positive */
    int32_t divides; /* 1 where the shift is not 0: what rounds ties away from zero */
} term;

/* Inputs with 7 more bits, in the common scale. */
static inline int32x4_t scaled(const term *t, int32x4_t bytes)
{
    const int32x4_t values = vshlq_n_s32(vsubq_n_s32(bytes, t->zero_point), 7);
    const int32x4_t high = vqrdmulhq_n_s32(values, t->multiplier);
    const int32x4_t away = vmlaq_n_s32(high, vshrq_n_s32(high, 31), t->divides);
    return vrshlq_n_s32(away, t->shift);
}

static void square_row(const qmcu_squared_difference_params *p, const int8_t *a, const int8_t *b,
                       int8_t *output)
{
    const term first = {p->input1_zero_point, p->input1_multiplier, p->input1_shift,
                        p->input1_shift != 0};
    const term second = {p->input2_zero_point, p->input2_multiplier, p->input2_shift,
                         p->input2_shift != 0};
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    const int32_t multiplier = p->output_multiplier, shift = p->output_shift;
    const int32_t zero_point = p->output_zero_point;
    int32x4_t x = scaled(&first, vdupq_n_s32(*a)), y = scaled(&second, vdupq_n_s32(*b));
    for (int32_t left = p->shape[QMCU_WALK_RANK - 1]; left > 0; left -= 4, output += 4) {
        const mve_pred16_t live = vctp32q((uint32_t)left);
        if (step1 != 0) {
            x = scaled(&first, vldrbq_z_s32(a, live));
            a += 4;
        }
        if (step2 != 0) {
            y = scaled(&second, vldrbq_z_s32(b, live));
            b += 4;
        }
        const int32x4_t difference = vsubq_s32(x, y);
        const int32x4_t high = vqrdmulhq_n_s32(vmulq_s32(difference, difference), multiplier);
        vstrbq_p_s32(output,
                     qmcu_mve_clamp(vrshlq_n_s32(high, shift), zero_point, INT8_MIN, INT8_MAX),
                     live);
    }
}

void qmcu_squared_difference_mve(const qmcu_squared_difference_mve_params *params,
                                 const int8_t *input1, const int8_t *input2, int8_t *output)
{
    const qmcu_squared_difference_params p = *params;
    qmcu_walk walk = qmcu_walk_begin();
    do {
        square_row(&p, input1 + qmcu_walk_offset(&walk, p.strides1),
                   input2 + qmcu_walk_offset(&walk, p.strides2), output);
        output += p.shape[QMCU_WALK_RANK - 1];
    } while (qmcu_walk_next(&walk, p.shape));
}
