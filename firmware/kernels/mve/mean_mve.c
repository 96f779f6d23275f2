/* mean for MVE: eight neighbours at once in halfword sums, which hold 255 bytes of -128 before they go
   to words, even and odd lanes apart. Where what is kept does not lie side by side, one at a time, 16
   bytes of a run at once. */
#include "small.h"

#include "mean_mve.h"

#include "accumulate.h"
#include "mve.h"
#include "uses_mve.h"

typedef struct {
    int32x4_t even, odd;
} totals;

/* `count` times eight bytes, `step` apart. */
static inline totals add_run(totals t, const int8_t *from, int32_t step, int32_t count,
                             mve_pred16_t live)
{
    while (count > 0) {
        const int32_t some = count < 255 ? count : 255;
        int16x8_t sums = vdupq_n_s16(0);
        count -= some;
        for (int32_t left = some; left > 0; --left) {
            sums = vaddq_s16(sums, vldrbq_z_s16(from, live));
            from += step;
        }
        t.even = vaddq_s32(t.even, vmovlbq_s16(sums));
        t.odd = vaddq_s32(t.odd, vmovltq_s16(sums));
    }
    return t;
}

static inline int32x4_t output_of(const qmcu_mean_params *p, int32x4_t sums)
{
    sums = qmcu_mve_requantize(sums, vdupq_n_s32(p->multiplier), vdupq_n_s32(p->shift));
    return vaddq_n_s32(sums, p->output_zero_point);
}

static __attribute__((noinline)) void mean_of_eight(const qmcu_mean_params *p, const int8_t *from,
                                                    int8_t *output, int32_t count)
{
    const mve_pred16_t live = vctp16q((uint32_t)count);
    totals t = {vdupq_n_s32(p->sum_offset), vdupq_n_s32(p->sum_offset)};
    for (int32_t outer = 0; outer < p->reduced_sizes[0]; ++outer) {
        t = add_run(t, from, p->reduced_steps[1], p->reduced_sizes[1], live);
        from += p->reduced_steps[0];
    }
    int16x8_t result = vqmovnbq_s32(vdupq_n_s16(0), output_of(p, t.even));
    result = vqmovntq_s32(result, output_of(p, t.odd));
    result = vmaxq_s16(result, vdupq_n_s16(INT8_MIN));
    vstrbq_p_s16(output, vminq_s16(result, vdupq_n_s16(INT8_MAX)), live);
}

/* The sum of `count` bytes, `step` apart. */
static int32_t sum_run(const int8_t *from, int32_t step, int32_t count)
{
    int32_t sum = 0;
    if (step == 1) {
        for (; count > 0; count -= 16, from += 16) {
            sum = vaddvaq_s8(sum, vldrbq_z_s8(from, vctp8q((uint32_t)count)));
        }
    }
    for (; count > 0; --count, from += step) {
        sum += *from;
    }
    return sum;
}

static int8_t mean_of_one(const qmcu_mean_params *p, const int8_t *from)
{
    int32_t sum = p->sum_offset;
    for (int32_t outer = 0; outer < p->reduced_sizes[0]; ++outer) {
        sum += sum_run(from, p->reduced_steps[1], p->reduced_sizes[1]);
        from += p->reduced_steps[0];
    }
    return qmcu_output_s8((uint32_t)sum, p->multiplier, p->shift, p->output_zero_point, INT8_MIN,
                          INT8_MAX);
}

void qmcu_mean_mve(const qmcu_mean_mve_params *params, const int8_t *input, int8_t *output)
{
    const qmcu_mean_params *const p = params;
    const int32_t count = p->kept_sizes[1], step = p->kept_steps[1];
    for (int32_t outer = 0; outer < p->kept_sizes[0]; ++outer) {
        if (QMCU_USES_MEANS_TOGETHER && (!QMCU_USES_MEANS_APART || step == 1)) {
            for (int32_t i = 0; i < count; i += 8) {
                mean_of_eight(p, input + i, output + i, count - i);
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
