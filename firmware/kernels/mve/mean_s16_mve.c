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

/* Adds `count` values, `step` apart. */
static int32_t add_run(int32_t sum, const int16_t *from, int32_t step, int32_t count)
{
    if (step == 1) {
        for (; count >= 8; count -= 8, from += 8) {
            sum = vaddvaq_s16(sum, vldrhq_s16(from));
        }
    }
    for (; count > 0; --count, from += step) {
        sum = (int32_t)((uint32_t)sum + (uint32_t)*from);
    }
    return sum;
}

static int16_t mean_of_one(const qmcu_mean_params *p, const int16_t *from)
{
    int32_t sum = 0;
    for (int32_t outer = 0; outer < p->reduced_sizes[0]; ++outer) {
        sum = add_run(sum, from, p->reduced_steps[1], p->reduced_sizes[1]);
        from += p->reduced_steps[0];
    }
    return qmcu_mean_output_s16(p, (uint32_t)sum);
}

void qmcu_mean_s16_mve(const qmcu_mean_s16_mve_params *params, const int16_t *input,
                       int16_t *output)
{
    const qmcu_mean_params *const p = params;
    const int32_t count = p->kept_sizes[1], step = p->kept_steps[1];
    for (int32_t outer = 0; outer < p->kept_sizes[0]; ++outer) {
        if (step == 1 && count >= 4) {
            for (int32_t i = 0; i < count; i += 4) {
                const int32_t first = i < count - 4 ? i : count - 4;
                mean_of_four(p, input + first, output + first);
            }
        } else {
            for (int32_t i = 0; i < count; ++i) {
                output[i] = mean_of_one(p, input + i * step);
            }
        }
        input += p->kept_steps[0];
        output += count;
    }
}
