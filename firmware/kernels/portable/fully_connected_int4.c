/* Matrix times vector with int4 weights, a row at a time for all batches. The arithmetic is that of
   fully_connected.c. */
#include "fully_connected_int4.h"

#include "accumulate.h"
#include "unpack_int4.h"

void qmcu_fully_connected_int4(const qmcu_fully_connected_int4_params *params, const int8_t *input,
                               const uint8_t *weights, const int32_t *bias,
                               const int32_t *multipliers, const int8_t *shifts, void *scratch,
                               int8_t *output)
{
    const qmcu_fully_connected_int4_params *const p = params;
    for (int32_t channel = 0; channel < p->output_depth; ++channel) {
        const int32_t r = channel * p->requantization_step;
        weights = qmcu_unpack_int4(weights, scratch, p->input_depth);
        for (int32_t batch = 0; batch < p->batches; ++batch) {
            const uint32_t sum = qmcu_dot((uint32_t)bias[channel], input + batch * p->input_depth,
                                          scratch, p->input_depth);
            output[batch * p->output_depth + channel] =
                qmcu_output_s8(sum, multipliers[r], shifts[r], p->output_zero_point,
                               p->activation_minimum, p->activation_maximum);
        }
    }
}
