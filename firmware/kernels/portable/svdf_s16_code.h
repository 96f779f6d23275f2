/* A fully connected layer over time, as svdf.c says, that remembers values of 16 bits. */
#ifndef QMCU_SVDF_S16_CODE_H
#define QMCU_SVDF_S16_CODE_H

#include "svdf_s16.h"
#include "accumulate.h"
#include "accumulate_s16.h"
#include "bytes.h"

/* sum + a[0] * b[0] + ... + a[count - 1] * b[count - 1] modulo 2^32 */
typedef uint32_t qmcu_halfword_dot(uint32_t sum, const int16_t *a, const int16_t *b, int32_t count);

static inline __attribute__((always_inline)) void remember(const qmcu_svdf_params *p, uint32_t sum,
                                                           int16_t *state, qmcu_copy_function *move)
{
    const int32_t scaled = qmcu_requantize((int32_t)sum, p->state_multiplier, p->state_shift);
    const int32_t value = p->state_zero_point + qmcu_clamp_s16(scaled, INT16_MIN, INT16_MAX);
    move((int8_t *)state, (const int8_t *)(state + 1), 2 * (p->memory - 1));
    /* Modulo 2^16, as the interpreter stores it. */
    state[p->memory - 1] = (int16_t)(uint16_t)value;
}

static inline __attribute__((always_inline)) void
qmcu_svdf_s16_by(const qmcu_svdf_params *params, const int8_t *input, const int8_t *features,
                 const int32_t *feature_bias, const int16_t *times, const int32_t *bias,
                 int16_t *state, int8_t *output, qmcu_dot_function *dot,
                 qmcu_halfword_dot *times_dot, qmcu_copy_function *move)
{
    const qmcu_svdf_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *feature = features;
        const int16_t *time = times;
        int32_t filter = 0;
        for (int32_t unit = 0; unit < p->units; ++unit) {
            uint32_t sum = (uint32_t)bias[unit];
            for (int32_t i = 0; i < p->rank; ++i) {
                const uint32_t new_value =
                    dot((uint32_t)feature_bias[filter++], input, feature, p->input_depth);
                remember(p, new_value, state, move);
                sum = times_dot(sum, state, time, p->memory);
                state += p->memory;
                time += p->memory;
                feature += p->input_depth;
            }
            *output++ = qmcu_output_s8(sum, p->output_multiplier, p->output_shift,
                                       p->output_zero_point, INT8_MIN, INT8_MAX);
        }
        input += p->input_depth;
    }
}

#endif
