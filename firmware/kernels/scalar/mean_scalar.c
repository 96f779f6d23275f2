#include "mean_scalar.h"

#include "output_scalar.h"

static uint32_t sum_of(const qmcu_mean_params *p, const int8_t *input)
{
    const int32_t step = p->reduced_steps[1];
    uint32_t sum = (uint32_t)p->sum_offset;
    for (int32_t outer = p->reduced_sizes[0]; outer > 0; --outer) {
        const int8_t *from = input;
        for (int32_t inner = p->reduced_sizes[1]; inner > 0; --inner) {
            const int32_t value = *from;
            sum += (uint32_t)value;
            from += step;
        }
        input += p->reduced_steps[0];
    }
    return sum;
}

void qmcu_mean_scalar(const qmcu_mean_scalar_params *params, const int8_t *input, int8_t *output)
{
    const qmcu_mean_params *const p = params;
    const qmcu_output_limits limits = {p->output_zero_point, INT8_MIN, INT8_MAX};
    for (int32_t outer = 0; outer < p->kept_sizes[0]; ++outer) {
        const int8_t *from = input + outer * p->kept_steps[0];
        for (int32_t inner = p->kept_sizes[1]; inner > 0; --inner) {
            /* The multiplier is divided by the count, and below 2^30. */
            const int32_t mean =
                qmcu_scalar_requantize_any(sum_of(p, from), p->multiplier, p->shift);
            *output++ = qmcu_scalar_clamp(mean, &limits);
            from += p->kept_steps[1];
        }
    }
}
