/* mean for the DSP extension: four neighbours at once, in two words of halfword sums, which hold 255
   bytes of -128 before they go to words. The last four may be some of the four before. Where what is
   kept does not lie side by side, one at a time, four bytes of a run at once. */
#include "small.h"

#include "mean_dsp.h"

#include "accumulate.h"
#include "dsp.h"

typedef struct {
    uint32_t even, odd;
    int32_t sums[4];
} totals;

static void flush(totals *t)
{
    t->sums[0] += (int16_t)t->even;
    t->sums[1] += (int16_t)t->odd;
    t->sums[2] += (int16_t)(t->even >> 16);
    t->sums[3] += (int16_t)(t->odd >> 16);
    t->even = 0;
    t->odd = 0;
}

/* `count` words, `step` bytes apart. */
static void add_run(totals *t, const int8_t *from, int32_t step, int32_t count)
{
    while (count > 0) {
        int32_t some = count < 255 ? count : 255;
        uint32_t even = 0, odd = 0;
        count -= some;
        do {
            const uint32_t word = qmcu_load_word(from);
            even = qmcu_sxtab16(even, word);
            odd = qmcu_sxtab16_odd(odd, word);
            from += step;
        } while (--some);
        t->even = even;
        t->odd = odd;
        flush(t);
    }
}

static void mean_of_four(const qmcu_mean_dsp_params *p, const int8_t *from, int8_t *output)
{
    totals t = {0, 0, {p->sum_offset, p->sum_offset, p->sum_offset, p->sum_offset}};
    for (int32_t outer = 0; outer < p->reduced_sizes[0]; ++outer) {
        add_run(&t, from, p->reduced_steps[1], p->reduced_sizes[1]);
        from += p->reduced_steps[0];
    }
    for (int32_t i = 0; i < 4; ++i) {
        output[i] = qmcu_output_s8((uint32_t)t.sums[i], p->multiplier, p->shift,
                                   p->output_zero_point, INT8_MIN, INT8_MAX);
    }
}

/* The sum of `count` bytes, `step` apart. */
static int32_t sum_run(const int8_t *from, int32_t step, int32_t count)
{
    int32_t sum = 0;
    if (step == 1) {
        for (; count >= 4; count -= 4) {
            const uint32_t word = qmcu_load_word(from);
            sum = qmcu_smlad(qmcu_sxtb16(word), 0x10001u, sum);
            sum = qmcu_smlad(qmcu_sxtb16_odd(word), 0x10001u, sum);
            from += 4;
        }
    }
    for (; count > 0; --count) {
        sum += *from;
        from += step;
    }
    return sum;
}

static int8_t mean_of_one(const qmcu_mean_dsp_params *p, const int8_t *from)
{
    int32_t sum = p->sum_offset;
    for (int32_t outer = 0; outer < p->reduced_sizes[0]; ++outer) {
        sum += sum_run(from, p->reduced_steps[1], p->reduced_sizes[1]);
        from += p->reduced_steps[0];
    }
    return qmcu_output_s8((uint32_t)sum, p->multiplier, p->shift, p->output_zero_point, INT8_MIN,
                          INT8_MAX);
}

void qmcu_mean_dsp(const qmcu_mean_dsp_params *params, const int8_t *input, int8_t *output)
{
    const qmcu_mean_dsp_params *const p = params;
    const int32_t count = p->kept_sizes[1];
    for (int32_t outer = 0; outer < p->kept_sizes[0]; ++outer) {
        int32_t inner = 0;
        if (p->kept_steps[1] == 1 && count >= 4) {
            for (; inner + 4 <= count; inner += 4) {
                mean_of_four(p, input + inner, output + inner);
            }
            if (inner < count) {
                mean_of_four(p, input + count - 4, output + count - 4);
            }
        } else {
            for (; inner < count; ++inner) {
                output[inner] = mean_of_one(p, input + inner * p->kept_steps[1]);
            }
        }
        input += p->kept_steps[0];
        output += count;
    }
}
