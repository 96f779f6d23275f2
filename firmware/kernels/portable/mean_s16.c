/* Mean of int16 over some dimensions; sums wrap around as the interpreter's do.

   output = clamp(requantize(sum of inputs - input_zero_point * count) + output_zero_point); the
   multiplier is that of the two scales, divided by the count. */
#include "mean_s16.h"

#include "mean_s16_code.h"

static uint32_t sum_of(const qmcu_mean_params *p, const int16_t *input)
{
    int64_t sum = 0;
    for (int32_t outer = 0; outer < p->reduced_sizes[0]; ++outer) {
        for (int32_t inner = 0; inner < p->reduced_sizes[1]; ++inner) {
            sum += input[outer * p->reduced_steps[0] + inner * p->reduced_steps[1]];
        }
    }
    return (uint32_t)sum; /* modulo 2^32 */
}

void qmcu_mean_s16(const qmcu_mean_params *params, const int16_t *input, int16_t *output)
{
    const qmcu_mean_params *const p = params;
    for (int32_t outer = 0; outer < p->kept_sizes[0]; ++outer) {
        for (int32_t inner = 0; inner < p->kept_sizes[1]; ++inner) {
            const int16_t *const first =
                input + outer * p->kept_steps[0] + inner * p->kept_steps[1];
            *output++ = qmcu_mean_output_s16(p, sum_of(p, first));
        }
    }
}
