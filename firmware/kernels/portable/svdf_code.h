/* A fully connected layer over time, its matrices of low rank (singular value decomposition).

   Each filter forgets the oldest of its values and remembers a new one:
   state_zero_point + clamp(requantize(sum over i of features[i] * (input[i] - input_zero_point))).
   A unit is the sum over its filters and their memory of times * (state - state_zero_point), with
   its bias: output = clamp(requantize(sum) + output_zero_point). Zero points' shares are in the
   biases. */
#ifndef QMCU_SVDF_CODE_H
#define QMCU_SVDF_CODE_H

#include "svdf.h"
#include "accumulate.h"
#include "bytes.h"

static inline __attribute__((always_inline)) void remember(const qmcu_svdf_params *p, uint32_t sum,
                                                           int8_t *state, qmcu_copy_function *move)
{
    const int32_t scaled = qmcu_requantize((int32_t)sum, p->state_multiplier, p->state_shift);
    const int32_t value = p->state_zero_point + qmcu_clamp_s8(scaled, INT8_MIN, INT8_MAX);
    move(state, state + 1, p->memory - 1);
    /* Modulo 2^8, as the interpreter stores it. */
    state[p->memory - 1] = (int8_t)(uint8_t)value;
}

static inline __attribute__((always_inline)) void
qmcu_svdf_by(const qmcu_svdf_params *params, const int8_t *input, const int8_t *features,
             const int32_t *feature_bias, const int8_t *times, const int32_t *bias, int8_t *state,
             int8_t *output, qmcu_dot_function *dot, qmcu_copy_function *move)
{
    const qmcu_svdf_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *feature = features;
        const int8_t *time = times;
        int32_t filter = 0;
        for (int32_t unit = 0; unit < p->units; ++unit) {
            uint32_t sum = (uint32_t)bias[unit];
            for (int32_t i = 0; i < p->rank; ++i) {
                const uint32_t new_value =
                    dot((uint32_t)feature_bias[filter++], input, feature, p->input_depth);
                remember(p, new_value, state, move);
                sum = dot(sum, state, time, p->memory);
                feature += p->input_depth;
                time += p->memory;
                state += p->memory;
            }
            *output++ = qmcu_output_s8(sum, p->output_multiplier, p->output_shift,
                                       p->output_zero_point, INT8_MIN, INT8_MAX);
        }
        input += p->input_depth;
    }
}

#endif
