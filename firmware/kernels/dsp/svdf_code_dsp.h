/* What svdf.c says for the DSP extension: four filters at a time, and each filter's memory moved and
   multiplied in one pass. */
#ifndef QMCU_SVDF_CODE_DSP_H
#define QMCU_SVDF_CODE_DSP_H

#include "dot_4_dsp.h"
#include "scale_dsp.h"
#include "svdf.h"
#include <string.h>

/* Moves `count` filters' memories on by one, puts the new values of `sums` behind them, modulo their
   type, and leaves the products with `times` in sums instead. */
typedef void qmcu_svdf_pass(void *state, const void *times, int32_t memory, int32_t *sums,
                            int32_t count);

/* saturate limits a new value to the type of the state, whose values are of `size` bytes. */
static inline __attribute__((always_inline)) void
qmcu_svdf_dsp_by(const qmcu_svdf_params *p, const int8_t *input, const int8_t *features,
                 const void *feature_bias, const void *times, const int32_t *bias,
                 const qmcu_scale *scales, void *state, int8_t *scratch, int8_t *output,
                 int32_t size, int32_t (*saturate)(int32_t), qmcu_svdf_pass *pass)
{
    const int32_t steps = (p->input_depth + 3) / 4, filters = p->units * p->rank;
    /* Copies stay where no store can reach them. */
    const qmcu_scale to_state = scales[0], to_output = scales[1];
    const int32_t memory = p->memory, rank = p->rank, state_zero_point = p->state_zero_point;
    const int32_t output_zero_point = p->output_zero_point;
    const int16_t unit = (int16_t)*(const int32_t *)(scales + 2);
    int8_t *place = state;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *from = input + batch * p->input_depth;
        if (p->input_depth % 4 != 0) {
            memcpy(scratch, from, (size_t)p->input_depth);
            from = scratch;
        }
        const int8_t *time = times;
        const int32_t *unit_bias = bias;
        uint32_t sum = 0;
        int32_t left_of_unit = rank;
        for (int32_t filter = 0; filter < filters; filter += 4) {
            int32_t sums[4];
            if (unit == 0) {
                memcpy(sums, (const int32_t *)feature_bias + filter, sizeof sums);
            } else {
                uint32_t two[2];
                memcpy(two, (const int16_t *)feature_bias + filter, sizeof two);
                sums[0] = (int16_t)two[0] * unit;
                sums[1] = ((int32_t)two[0] >> 16) * unit;
                sums[2] = (int16_t)two[1] * unit;
                sums[3] = ((int32_t)two[1] >> 16) * unit;
            }
            qmcu_dot_4_dsp(from, features + 4 * steps * filter, steps, sums);
            for (int32_t i = 0; i < 4; ++i) {
                sums[i] = saturate(qmcu_scaled(sums[i], &to_state)) + state_zero_point;
            }
            const int32_t count = filters - filter < 4 ? filters - filter : 4;
            pass(place, time, memory, sums, count);
            place += size * memory * count;
            time += size * memory * count;
            for (int32_t i = 0; i < count; ++i) {
                sum += (uint32_t)sums[i];
                if (--left_of_unit == 0) {
                    const uint32_t scaled =
                        (uint32_t)qmcu_scaled((int32_t)(sum + (uint32_t)*unit_bias++), &to_output);
                    *output++ =
                        (int8_t)qmcu_saturate_s8((int32_t)(scaled + (uint32_t)output_zero_point));
                    left_of_unit = rank;
                    sum = 0;
                }
            }
        }
    }
}

#endif
