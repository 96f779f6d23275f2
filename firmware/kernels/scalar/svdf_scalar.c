/* svdf for cores without the DSP extension. */
#include "svdf_scalar.h"

#include "accumulate_s16.h"
#include "features_scalar.h"
#include "output_scalar.h"

/* Forgets the oldest value and remembers a new one; sum + times * state. */
static uint32_t remember(const qmcu_svdf_params *p, uint32_t new_value, int8_t *state,
                         const int8_t *times, uint32_t sum)
{
    const int32_t scaled = qmcu_scalar_requantize(new_value, p->state_multiplier, p->state_shift);
    const int32_t value = p->state_zero_point + qmcu_clamp_s8(scaled, INT8_MIN, INT8_MAX);
    int8_t *const last = state + p->memory - 1;
    for (; state != last; ++state) {
        const int32_t kept = state[1];
        *state = (int8_t)kept;
        sum += (uint32_t)(kept * *times++);
    }
    /* Modulo 2^8, as the interpreter stores it. */
    *last = (int8_t)(uint8_t)value;
    return sum + (uint32_t)(*last * *times);
}

void qmcu_svdf_scalar(const qmcu_svdf_scalar_params *params, const int8_t *input,
                      const int8_t *features, const int32_t *feature_bias, const int8_t *times,
                      const int32_t *bias, int8_t *state, int8_t *output)
{
    const qmcu_svdf_params *const p = params;
    const qmcu_output_limits limits = {p->output_zero_point, INT8_MIN, INT8_MAX};
    const int32_t filters = p->units * p->rank;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *time = times;
        uint32_t sums[4];
        int32_t filter = 0, at = 4;
        for (int32_t unit = 0; unit < p->units; ++unit) {
            uint32_t sum = (uint32_t)bias[unit];
            for (int32_t i = 0; i < p->rank; ++i) {
                if (at == 4 || filters < 4) {
                    at = qmcu_features_scalar(input, features, feature_bias, p->input_depth, filter,
                                              filters, sums);
                }
                sum = remember(p, sums[at++], state, time, sum);
                time += p->memory;
                state += p->memory;
                ++filter;
            }
            *output++ = qmcu_scalar_output(sum, p->output_multiplier, p->output_shift, &limits);
        }
        input += p->input_depth;
    }
}
