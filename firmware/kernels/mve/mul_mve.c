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

static inline int16x8_t multiply(const void *params, int16x8_t a, int16x8_t b)
{
    const params_t *const p = params;
    int16x8_t result = vdupq_n_s16(0);
    result = vqmovnbq_s32(result, requantize(p, vmullbq_int_s16(a, b)));
    result = vqmovntq_s32(result, requantize(p, vmulltq_int_s16(a, b)));
    result = vqaddq_n_s16(result, (int16_t)p->output_zero_point);
    result = vmaxq_s16(result, vdupq_n_s16((int16_t)p->activation_minimum));
    return vminq_s16(result, vdupq_n_s16((int16_t)p->activation_maximum));
}

static void multiply_row(const params_t *p, const int8_t *a, const int8_t *b, int8_t *output)
{
    const int32_t last = QMCU_WALK_RANK - 1;
    qmcu_pair_row(p, a, p->strides1[last], p->input1_zero_point, b, p->strides2[last],
                  p->input2_zero_point, output, p->shape[last], multiply);
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
