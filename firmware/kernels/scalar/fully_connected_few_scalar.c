/* Matrix times vector, one output after the other. */
#include "fully_connected_few_scalar.h"

#include "output_scalar.h"

void qmcu_fully_connected_few_scalar(const qmcu_fully_connected_few_scalar_params *params,
                                     const int8_t *input, const int8_t *weights,
                                     const int32_t *bias, const int32_t *multipliers,
                                     const int8_t *shifts, int8_t *output)
{
    const qmcu_fully_connected_few_scalar_params *const p = params;
    const qmcu_output_limits limits = {p->output_zero_point, p->activation_minimum,
                                       p->activation_maximum};
    const int32_t depth = p->input_depth, step = p->requantization_step;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *filter = weights;
        for (int32_t channel = 0; channel < p->output_depth; ++channel) {
            const int8_t *from = input, *const end = filter + depth;
            uint32_t sum = (uint32_t)bias[channel];
            for (; end - filter >= 4; filter += 4, from += 4) {
                sum += (uint32_t)(from[0] * filter[0]);
                sum += (uint32_t)(from[1] * filter[1]);
                sum += (uint32_t)(from[2] * filter[2]);
                sum += (uint32_t)(from[3] * filter[3]);
            }
            while (filter != end) {
                sum += (uint32_t)(*from++ * *filter++);
            }
            *output++ = qmcu_scalar_output(sum, multipliers[channel * step], shifts[channel * step],
                                           &limits);
        }
        input += depth;
    }
}
