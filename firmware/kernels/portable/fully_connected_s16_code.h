/* Matrix of int8 times vector of int16, for each batch.

   sum[o] = bias[o] + sum over i of weights[o][i] * input[i]; output = clamp(requantize(sum)). */
#ifndef QMCU_FULLY_CONNECTED_S16_CODE_H
#define QMCU_FULLY_CONNECTED_S16_CODE_H

#include "fully_connected_s16.h"
#include "accumulate_s16.h"

static inline __attribute__((always_inline)) void
qmcu_fully_connected_s16_by(const qmcu_fully_connected_s16_params *params, const int16_t *input,
                            const int8_t *weights, const int64_t *bias, const int32_t *multipliers,
                            const int8_t *shifts, int16_t *output, qmcu_dot_s16_function *dot)
{
    const qmcu_fully_connected_s16_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *filter = weights;
        for (int32_t channel = 0; channel < p->output_depth; ++channel) {
            const int64_t sum = dot(bias[channel], input, filter, p->input_depth);
            const int32_t r = channel * p->requantization_step;
            *output++ = qmcu_output_s16(sum, multipliers[r], shifts[r], p->wide,
                                        p->activation_minimum, p->activation_maximum);
            filter += p->input_depth;
        }
        input += p->input_depth;
    }
}

#endif
