/* mean_s16 with `mean_of_four(p, from, output)`, which writes the means of four neighbours, and ROUND
   values of a run that ADD_ROUND(sum, from) adds: a core's kernel defines these before. The last four
   may be some of the four before. */
#ifndef QMCU_MEAN_S16_FOURS_CODE_H
#define QMCU_MEAN_S16_FOURS_CODE_H

#include "mean_s16_code.h"

/* Adds `count` values, `step` apart. */
static int32_t add_run(int32_t sum, const int16_t *from, int32_t step, int32_t count)
{
    if (step == 1) {
        for (; count >= ROUND; count -= ROUND, from += ROUND) {
            sum = ADD_ROUND(sum, from);
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

static inline void qmcu_mean_s16_by_fours(const qmcu_mean_params *p, const int16_t *input,
                                          int16_t *output)
{
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

#endif
