/* Mean over some dimensions.

   output = clamp(requantize(sum of inputs - input_zero_point * count) + output_zero_point); the
   multiplier is that of the two scales, divided by the count. */
#include "mean.h"

#include "accumulate.h"

static int32_t sum_of(const qmcu_mean_params *p, const int8_t *input)
{
    int32_t sum = 0;
    for (int32_t outer = 0; outer < p->reduced_sizes[0]; ++outer) {
        for (int32_t inner = 0; inner < p->reduced_sizes[1]; ++inner) {
            sum += input[outer * p->reduced_steps[0] + inner * p->reduced_steps[1]];
        }
    }
    return sum;
}

void qmcu_mean(const qmcu_mean_params *params, const int8_t *input, int8_t *output)
{
    const qmcu_mean_params *const p = params;
    for (int32_t outer = 0; outer < p->kept_sizes[0]; ++outer) {
        for (int32_t inner = 0; inner < p->kept_sizes[1]; ++inner) {
            const int8_t *const first = input + outer * p->kept_steps[0] + inner * p->kept_steps[1];
            const uint32_t sum = (uint32_t)p->sum_offset + (uint32_t)sum_of(p, first);
            *output++ = qmcu_output_s8(sum, p->multiplier, p->shift, p->output_zero_point, INT8_MIN,
                                       INT8_MAX);
        }
    }
}
