/* prelu for MVE, eight at a time: even and odd lanes apart, each with the multiplier of its sign. */
#include "prelu_mve.h"

#include "output_strides.h"
#include "values_mve.h"

typedef qmcu_prelu_params params_t;

/* Of inputs or, where these are negative, their products. */
static inline int32x4_t scaled(const params_t *p, int32x4_t x, int32x4_t product)
{
    const mve_pred16_t negative = vcmpltq_n_s32(x, 0);
    const int32x4_t multiplier = vpselq_s32(vdupq_n_s32(p->negative_multiplier),
                                            vdupq_n_s32(p->positive_multiplier), negative);
    const int32x4_t shift =
        vpselq_s32(vdupq_n_s32(p->negative_shift), vdupq_n_s32(p->positive_shift), negative);
    return qmcu_mve_requantize(vpselq_s32(product, x, negative), multiplier, shift);
}

static inline int16x8_t sloped(const void *params, int16x8_t x, int16x8_t alpha)
{
    const params_t *const p = params;
    int16x8_t result = vdupq_n_s16(0);
    result = vqmovnbq_s32(result, scaled(p, vmovlbq_s16(x), vmullbq_int_s16(x, alpha)));
    result = vqmovntq_s32(result, scaled(p, vmovltq_s16(x), vmulltq_int_s16(x, alpha)));
    result = vqaddq_n_s16(result, (int16_t)p->output_zero_point);
    return vminq_s16(vmaxq_s16(result, vdupq_n_s16(INT8_MIN)), vdupq_n_s16(INT8_MAX));
}

static void slope_row(const params_t *p, const int8_t *input, const int8_t *alpha, int8_t *output)
{
    const int32_t last = QMCU_WALK_RANK - 1;
    qmcu_pair_row(p, input, p->strides1[last], p->input_zero_point, alpha, p->strides2[last],
                  p->alpha_zero_point, output, p->shape[last], sloped);
}

/* The same of inputs and outputs that lie `step` apart, and one alpha. */
static void slope_column(const params_t *p, const int8_t *input, int32_t alpha, int8_t *output,
                         int32_t step)
{
    const uint16x8_t places = vmulq_n_u16(vidupq_n_u16(0, 1), (uint16_t)step);
    const int16x8_t slopes = vdupq_n_s16((int16_t)(alpha - p->alpha_zero_point));
    for (int32_t left = p->shape[QMCU_WALK_RANK - 1]; left > 0; left -= 8) {
        const mve_pred16_t live = vctp16q((uint32_t)left);
        const int16x8_t x = vsubq_n_s16(vldrbq_gather_offset_z_s16(input, places, live),
                                        (int16_t)p->input_zero_point);
        vstrbq_scatter_offset_p_s16(output, places, sloped(p, x, slopes), live);
        input += 8 * step;
        output += 8 * step;
    }
}

void qmcu_prelu_mve(const qmcu_prelu_mve_params *params, const int8_t *input, const int8_t *alpha,
                    int8_t *output)
{
    const params_t p = params->prelu;
    int32_t strides[QMCU_WALK_RANK];
    qmcu_output_strides(p.shape, params->along, strides);
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *const a = input + qmcu_walk_offset(&walk, p.strides1);
        const int8_t *const b = alpha + qmcu_walk_offset(&walk, p.strides2);
        int8_t *const to = output + qmcu_walk_offset(&walk, strides);
        const int32_t step = strides[QMCU_WALK_RANK - 1];
        if (step == 1) {
            slope_row(&p, a, b, to);
        } else {
            slope_column(&p, a, *b, to, step);
        }
    } while (qmcu_walk_next(&walk, p.shape));
}
