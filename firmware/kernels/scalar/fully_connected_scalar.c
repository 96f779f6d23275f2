/* Matrix times vector, four outputs at a time; the last ones twice where they are not in fours. */
#include "fully_connected_scalar.h"

#include "dot_scalar.h"
#include "output_scalar.h"

void qmcu_fully_connected_scalar(const qmcu_fully_connected_scalar_params *params,
                                 const int8_t *input, const int8_t *weights, const int32_t *bias,
                                 const int32_t *multipliers, const int8_t *shifts, int8_t *output)
{
    const qmcu_fully_connected_scalar_params *const p = params;
    const qmcu_output_limits limits = {p->output_zero_point, p->activation_minimum,
                                       p->activation_maximum};
    const int32_t some = p->output_depth >= 4 ? 4 : 1, last = p->output_depth - some;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t channel = 0;;) {
            uint32_t sums[4];
            for (int32_t i = 0; i < 4; ++i) {
                sums[i] = (uint32_t)bias[i < some ? channel + i : channel];
            }
            qmcu_dot_scalar(input, weights + channel * p->input_depth,
                            some == 4 ? p->input_depth : 0, p->input_depth, sums);
            const int32_t *multiplier = multipliers + channel * p->requantization_step;
            const int8_t *shift = shifts + channel * p->requantization_step;
            int8_t *to = output + channel;
            for (const uint32_t *sum = sums, *const end = sums + some; sum != end; ++sum) {
                *to++ = qmcu_scalar_output(*sum, *multiplier, *shift, &limits);
                multiplier += p->requantization_step;
                shift += p->requantization_step;
            }
            if (channel == last) {
                break;
            }
            channel = channel + some > last ? last : channel + some;
        }
        input += p->input_depth;
        output += p->output_depth;
    }
}
