/* svdf for cores without the DSP extension, for one type of states.

   A file that includes this defines QMCU_SVDF_STATE, 8 or 16: the bits of a state. */
#ifndef QMCU_SVDF_CODE_SCALAR_H
#define QMCU_SVDF_CODE_SCALAR_H

#include "accumulate_s16.h"
#include "features_scalar.h"
#include "output_scalar.h"

#if QMCU_SVDF_STATE == 8
typedef int8_t svdf_number;
typedef uint8_t svdf_bits;
#define svdf_clamp(value) qmcu_clamp_s8(value, INT8_MIN, INT8_MAX)
#else
typedef int16_t svdf_number;
typedef uint16_t svdf_bits;
#define svdf_clamp(value) qmcu_clamp_s16(value, INT16_MIN, INT16_MAX)
#endif

/* Forgets the oldest value and remembers a new one; sum + times * state. */
static inline __attribute__((always_inline)) uint32_t remember(const qmcu_svdf_params *p,
                                                               uint32_t new_value,
                                                               svdf_number *state,
                                                               const svdf_number *times,
                                                               uint32_t sum)
{
    const int32_t scaled = qmcu_scalar_requantize(new_value, p->state_multiplier, p->state_shift);
    const int32_t value = p->state_zero_point + svdf_clamp(scaled);
    svdf_number *const last = state + p->memory - 1;
    for (; state != last; ++state) {
        const int32_t kept = state[1];
        *state = (svdf_number)kept;
        sum += (uint32_t)(kept * *times++);
    }
    /* Modulo 2^8 or 2^16, as the interpreter stores it. */
    *last = (svdf_number)(svdf_bits)value;
    return sum + (uint32_t)(*last * *times);
}

static inline __attribute__((always_inline)) void
svdf_by_features(const qmcu_svdf_params *p, const int8_t *input, const int8_t *features,
                 const int32_t *feature_bias, const svdf_number *times, const int32_t *bias,
                 svdf_number *state, int8_t *output)
{
    const qmcu_output_limits limits = {p->output_zero_point, INT8_MIN, INT8_MAX};
    const int32_t filters = p->units * p->rank;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const svdf_number *time = times;
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

#endif
