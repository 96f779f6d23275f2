/* Addition for MVE: four elements at a time. */
#include "add_mve.h"

#include "mve.h"

void qmcu_add_mve(const qmcu_add_mve_params *params, const int8_t *wider, const int8_t *other,
                  int8_t *output)
{
    const qmcu_add_mve_params p = *params;

    for (int32_t left = p.size; left > 0; left -= 4, wider += 4, other += 4, output += 4) {
        const mve_pred16_t live = vctp32q((uint32_t)left);
        int32x4_t sum = vaddq_n_s32(vshlq_n_s32(vldrbq_z_s32(wider, live), 19), p.offset);
        int32x4_t term = vsubq_n_s32(vldrbq_z_s32(other, live), p.zero_point);
        term = vqrdmulhq_n_s32(vshlq_r_s32(term, p.left_shift), p.multiplier);
        sum = vaddq_s32(sum, vrshlq_n_s32(qmcu_mve_away(term), p.shift));
        sum = qmcu_mve_away(vqrdmulhq_n_s32(sum, p.output_multiplier));
        sum = vrshlq_n_s32(sum, p.output_shift);
        sum = qmcu_mve_clamp(sum, p.output_zero_point, p.activation_minimum, p.activation_maximum);
        vstrbq_p_s32(output, sum, live);
    }
}
