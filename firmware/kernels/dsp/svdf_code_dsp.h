/* What svdf.c says for the DSP extension: four filters at a time, and each filter's memory moved and
   multiplied in one pass. */
#ifndef QMCU_SVDF_CODE_DSP_H
#define QMCU_SVDF_CODE_DSP_H

#include "dot_4_dsp.h"
#include "scale_dsp.h"
#include "svdf.h"
#include <string.h>

/* Moves a filter's memory at `state` on by one, puts `fresh` behind it, modulo its type, and adds its
   products with `times` to the sum. */
typedef int32_t qmcu_svdf_pass(void *state, const void *times, int32_t memory, int32_t fresh,
                               int32_t sum);

/* saturate limits a new value to the type of the state, whose values are of `size` bytes. */
static inline __attribute__((always_inline)) void
qmcu_svdf_dsp_by(const qmcu_svdf_params *p, const int8_t *input, const int8_t *features,
                 const int32_t *feature_bias, const void *times, const int32_t *bias,
                 const qmcu_scale *scales, void *state, int8_t *scratch, int8_t *output,
                 int32_t size, int32_t (*saturate)(int32_t), qmcu_svdf_pass *pass)
{
    const int32_t steps = (p->input_depth + 3) / 4, filters = p->units * p->rank;
    int8_t *place = state;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *from = input + batch * p->input_depth;
        if (p->input_depth % 4 != 0) {
            memcpy(scratch, from, (size_t)p->input_depth);
            from = scratch;
        }
        const int8_t *time = times;
        const int32_t *unit_bias = bias;
        int32_t sum = *unit_bias++, left_of_unit = p->rank, sums[4];
        for (int32_t filter = 0; filter < filters; ++filter) {
            if (filter % 4 == 0) {
                memcpy(sums, feature_bias + filter, sizeof sums);
                qmcu_dot_4_dsp(from, features + 4 * steps * filter, steps, sums);
            }
            const int32_t fresh =
                saturate(qmcu_scaled(sums[filter % 4], scales)) + p->state_zero_point;
            sum = pass(place, time, p->memory, fresh, sum);
            place += size * p->memory;
            time += size * p->memory;
            if (--left_of_unit == 0) {
                *output++ =
                    (int8_t)qmcu_saturate_s8((int32_t)((uint32_t)qmcu_scaled(sum, scales + 1) +
                                                       (uint32_t)p->output_zero_point));
                left_of_unit = p->rank;
                sum = filter + 1 < filters ? *unit_bias++ : 0;
            }
        }
    }
}

#endif
