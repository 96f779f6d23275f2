/* add with broadcasting and scales of any ratio for MVE: four elements at a time. */
#include "add_any_mve.h"

#include "mve.h"

typedef struct {
    int32_t zero_point;
    int32_t multiplier;
    int32_t shift;   /* not positive */
    int32_t divides; /* 1 where the shift is not 0: what rounds ties away from zero */
} term;

static term term_of(int32_t zero_point, int32_t multiplier, int32_t shift)
{
    const term result = {zero_point, multiplier, shift, shift != 0};
    return result;
}

/* Inputs with 20 more bits, in the common scale. */
static inline int32x4_t scaled(const term *t, int32x4_t bytes)
{
    const int32x4_t values = vshlq_n_s32(vsubq_n_s32(bytes, t->zero_point), 20);
    const int32x4_t high = vqrdmulhq_n_s32(values, t->multiplier);
    const int32x4_t away = vmlaq_n_s32(high, vshrq_n_s32(high, 31), t->divides);
    return vrshlq_n_s32(away, t->shift);
}

static void add_row(const qmcu_add_params *p, const int8_t *a, const int8_t *b, int8_t *output)
{
    const term first = term_of(p->input1_zero_point, p->input1_multiplier, p->input1_shift);
    const term second = term_of(p->input2_zero_point, p->input2_multiplier, p->input2_shift);
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    int32x4_t x = scaled(&first, vdupq_n_s32(*a));
    int32x4_t y = vmulq_n_s32(scaled(&second, vdupq_n_s32(*b)), p->input2_sign);
    for (int32_t left = p->shape[QMCU_WALK_RANK - 1]; left > 0; left -= 4, output += 4) {
        const mve_pred16_t live = vctp32q((uint32_t)left);
        if (step1 != 0) {
            x = scaled(&first, vldrbq_z_s32(a, live));
            a += 4;
        }
        if (step2 != 0) {
            y = vmulq_n_s32(scaled(&second, vldrbq_z_s32(b, live)), p->input2_sign);
            b += 4;
        }
        const int32x4_t sum = qmcu_mve_requantize(
            vaddq_s32(x, y), vdupq_n_s32(p->output_multiplier), vdupq_n_s32(p->output_shift));
        vstrbq_p_s32(
            output,
            qmcu_mve_clamp(sum, p->output_zero_point, p->activation_minimum, p->activation_maximum),
            live);
    }
}

void qmcu_add_any_mve(const qmcu_add_any_mve_params *params, const int8_t *input1,
                      const int8_t *input2, int8_t *output)
{
    const qmcu_add_params p = *params;
    qmcu_walk walk = qmcu_walk_begin();
    do {
        add_row(&p, input1 + qmcu_walk_offset(&walk, p.strides1),
                input2 + qmcu_walk_offset(&walk, p.strides2), output);
        output += p.shape[QMCU_WALK_RANK - 1];
    } while (qmcu_walk_next(&walk, p.shape));
}
