/* mean_s16 for the DSP extension: four neighbours at once, each halfword of a word times 1. The last four
   may be some of the four before. Where what is kept does not lie side by side, one at a time, two of a
   run at once. */
#include "mean_s16_dsp.h"

#include "dsp.h"
#include "mean_s16_code.h"

static void mean_of_four(const qmcu_mean_params *p, const int16_t *from, int16_t *output)
{
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (int32_t outer = 0; outer < p->reduced_sizes[0]; ++outer) {
        const int16_t *at = from;
        const int32_t step = p->reduced_steps[1];
        for (int32_t left = p->reduced_sizes[1]; left > 0; --left) {
            const uint32_t low = qmcu_load_word(at), high = qmcu_load_word(at + 2);
            a = qmcu_smlad(low, 1, a);
            b = qmcu_smlad(low, 1 << 16, b);
            c = qmcu_smlad(high, 1, c);
            d = qmcu_smlad(high, 1 << 16, d);
            at += step;
        }
        from += p->reduced_steps[0];
    }
    output[0] = qmcu_mean_output_s16(p, (uint32_t)a);
    output[1] = qmcu_mean_output_s16(p, (uint32_t)b);
    output[2] = qmcu_mean_output_s16(p, (uint32_t)c);
    output[3] = qmcu_mean_output_s16(p, (uint32_t)d);
}

/* Adds `count` values, `step` apart. */
static int32_t add_run(int32_t sum, const int16_t *from, int32_t step, int32_t count)
{
    if (step == 1) {
        for (; count >= 2; count -= 2, from += 2) {
            sum = qmcu_smlad(qmcu_load_word(from), 0x10001, sum);
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

void qmcu_mean_s16_dsp(const qmcu_mean_s16_dsp_params *params, const int16_t *input,
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
