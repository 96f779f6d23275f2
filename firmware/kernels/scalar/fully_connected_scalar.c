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
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        qmcu_outputs some = {
            .input = input,
            .weights = weights,
            .depth = depth,
            .channels = {bias, multipliers, shifts, step},
            .output = output,
            .limits = {p->output_zero_point, p->activation_minimum, p->activation_maximum},
            .fours = outputs / 4,
        };
        qmcu_outputs_scalar(&some);
        if (QMCU_USES_LAST_OUTPUTS && outputs % 4 != 0) {
            const int32_t back = 4 - outputs % 4;
            some.weights -= back * depth;
            some.channels.bias -= back;
            some.channels.multipliers -= back * step;
            some.channels.shifts -= back * step;
            some.output -= back;
            some.fours = 1;
            qmcu_outputs_scalar(&some);
        }
        input += depth;
        output += outputs;
    }
}
