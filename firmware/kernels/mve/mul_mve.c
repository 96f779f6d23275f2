/* Elementwise product with broadcasting for MVE, eight at a time: even and odd lanes are multiplied
   apart and come together again when they are narrowed. */
#include "mul_mve.h"

#include "values_mve.h"

typedef qmcu_mul_mve_params params_t;

static inline int32x4_t requantize(const params_t *p, int32x4_t product)
{
    if (p->output_shift >= 0) {
        return vqrdmulhq_n_s32(vshlq_r_s32(product, p->output_shift), p->output_multiplier);
    }
    product = qmcu_mve_away(vqrdmulhq_n_s32(product, p->output_multiplier));
    return vrshlq_n_s32(product, p->output_shift);
}

static inline int16x8_t multiply(const params_t *p, int16x8_t a, int16x8_t b)
{
    int16x8_t result = vdupq_n_s16(0);
    result = vqmovnbq_s32(result, requantize(p, vmullbq_int_s16(a, b)));
    result = vqmovntq_s32(result, requantize(p, vmulltq_int_s16(a, b)));
    result = vqaddq_n_s16(result, (int16_t)p->output_zero_point);
    result = vmaxq_s16(result, vdupq_n_s16((int16_t)p->activation_minimum));
    return vminq_s16(result, vdupq_n_s16((int16_t)p->activation_maximum));
}

static void multiply_row(const params_t *p, const int8_t *a, const int8_t *b, int8_t *output)
{
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    const int32_t zero1 = p->input1_zero_point, zero2 = p->input2_zero_point;
    int32_t left = p->shape[QMCU_WALK_RANK - 1];
    for (; left >= 8; left -= 8, output += 8) {
        vstrbq_s16(output, multiply(p, qmcu_values(a, step1, zero1), qmcu_values(b, step2, zero2)));
        a += 8 * step1;
        b += 8 * step2;
    }
    if (left > 0) {
        const mve_pred16_t live = vctp16q((uint32_t)left);
        const int16x8_t x = qmcu_last_values(a, step1, zero1, live);
        vstrbq_p_s16(output, multiply(p, x, qmcu_last_values(b, step2, zero2, live)), live);
    }
}

void qmcu_mul_mve(const params_t *params, const int8_t *input1, const int8_t *input2,
                  int8_t *output)
{
    const params_t p = *params;
    qmcu_walk walk = qmcu_walk_begin();
    do {
        multiply_row(&p, input1 + qmcu_walk_offset(&walk, p.strides1),
                     input2 + qmcu_walk_offset(&walk, p.strides2), output);
        output += p.shape[QMCU_WALK_RANK - 1];
    } while (qmcu_walk_next(&walk, p.shape));
}
