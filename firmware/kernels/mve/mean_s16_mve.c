/* mean_s16 for MVE: four neighbours at once, of which the last may be some of the four before. Where what
   is kept does not lie side by side, one at a time, eight of a run at once. */
#include "small.h"

#include "mean_s16_mve.h"

#include "mean_s16_code.h"
#include "mve.h"

static void mean_of_four(const qmcu_mean_params *p, const int16_t *from, int16_t *output)
{
    int32x4_t sums = vdupq_n_s32(p->sum_offset);
    for (int32_t outer = 0; outer < p->reduced_sizes[0]; ++outer) {
        const int16_t *at = from;
        for (int32_t left = p->reduced_sizes[1]; left > 0; --left) {
            sums = vaddq_s32(sums, vldrhq_s32(at));
            at += p->reduced_steps[1];
        }
        from += p->reduced_steps[0];
    }
    sums = qmcu_mve_requantize(sums, vdupq_n_s32(p->multiplier), vdupq_n_s32(p->shift));
    vstrhq_s32(output, qmcu_mve_clamp(sums, p->output_zero_point, INT16_MIN, INT16_MAX));
}

#define ROUND 8
#define ADD_ROUND(sum, from) vaddvaq_s16(sum, vldrhq_s16(from))
#include "mean_s16_fours_code.h"

void qmcu_mean_s16_mve(const qmcu_mean_s16_mve_params *params, const int16_t *input,
                       int16_t *output)
{
    qmcu_mean_s16_by_fours(params, input, output);
}
