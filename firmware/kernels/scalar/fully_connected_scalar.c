/* Matrix times vector, four outputs at a time, the last ones twice where they are not in fours. */
#include "small.h"

#include "fully_connected_scalar.h"

#include "outputs_scalar.h"
#include "uses_scalar.h"

void qmcu_fully_connected_scalar(const qmcu_fully_connected_scalar_params *params,
                                 const int8_t *input, const int8_t *weights, const int32_t *bias,
                                 const int32_t *multipliers, const int8_t *shifts, int8_t *output)
{
    const qmcu_fully_connected_scalar_params *const p = params;
    const int32_t depth = p->input_depth, outputs = p->output_depth, step = p->requantization_step;
    const int32_t left = QMCU_USES_LAST_OUTPUTS ? outputs % 4 : 0;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        int32_t fours = outputs / 4;
        for (int32_t first = 0;; first = outputs - 4) {
            qmcu_outputs some = {
                .input = input,
                .weights = weights + first * depth,
                .depth = depth,
                .channels = {bias + first, multipliers + first * step, shifts + first * step, step},
                .output = output + first,
                .limits = {p->output_zero_point, p->activation_minimum, p->activation_maximum},
                .fours = fours,
            };
            qmcu_outputs_scalar(&some);
            if (left == 0 || first > 0) {
                break;
            }
            fours = 1;
        }
        input += depth;
        output += outputs;
    }
}
