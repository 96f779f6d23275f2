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

#define ROUND 2
#define ADD_ROUND(sum, from) qmcu_smlad(qmcu_load_word(from), 0x10001, sum)
#include "mean_s16_fours_code.h"

void qmcu_mean_s16_dsp(const qmcu_mean_s16_dsp_params *params, const int16_t *input,
                       int16_t *output)
{
    qmcu_mean_s16_by_fours(params, input, output);
}
