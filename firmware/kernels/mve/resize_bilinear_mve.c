/* resize_bilinear for MVE: four channels at a time. */
#include "resize_bilinear_mve.h"

#include "mve.h"
#include "resize_bilinear_code.h"

QMCU_RESIZE_BILINEAR(resize, int8_t)

static inline void blend(const int8_t *const corners[4], const int32_t weights[4], int8_t *output,
                         int32_t count)
{
    for (int32_t i = 0; i < count; i += 4) {
        const mve_pred16_t live = vctp32q((uint32_t)(count - i));
        int32x4_t sum = vmulq_n_s32(vldrbq_z_s32(corners[0] + i, live), weights[0]);
        sum = vmlaq_n_s32(sum, vldrbq_z_s32(corners[1] + i, live), weights[1]);
        sum = vmlaq_n_s32(sum, vldrbq_z_s32(corners[2] + i, live), weights[2]);
        sum = vmlaq_n_s32(sum, vldrbq_z_s32(corners[3] + i, live), weights[3]);
        vstrbq_p_s32(output + i, vrshrq_n_s32(qmcu_mve_away(sum), 20), live);
    }
}

void qmcu_resize_bilinear_mve(const qmcu_resize_bilinear_mve_params *params, const int8_t *input,
                              int8_t *output)
{
    resize(params, input, output, blend);
}
