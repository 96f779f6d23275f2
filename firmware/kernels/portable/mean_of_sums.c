/* The mean from the sum of its inputs, as qmcu_mean makes it. */
#include "mean_of_sums.h"

#include "accumulate.h"

void qmcu_mean_of_sums(const qmcu_mean_of_sums_params *params, const int32_t *sums, int8_t *output)
{
    const qmcu_mean_of_sums_params *const p = params;
    for (int32_t channel = 0; channel < p->depth; ++channel) {
        const uint32_t sum = (uint32_t)p->sum_offset + (uint32_t)sums[channel];
        output[channel] =
            qmcu_output_s8(sum, p->multiplier, p->shift, p->output_zero_point, INT8_MIN, INT8_MAX);
    }
}
