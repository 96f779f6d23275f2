/* Fully connected layers for MVE: four outputs at a time, whatever their weights are. */
#ifndef QMCU_FULLY_CONNECTED_ROWS_MVE_H
#define QMCU_FULLY_CONNECTED_ROWS_MVE_H

#include "fully_connected_mve.h"
#include "mve.h"

/* `count` outputs, in fours, from the weights of as many rows; returns the weights behind them. */
typedef const int8_t *qmcu_mve_fours(const qmcu_fully_connected_mve_params *p, const int8_t *row,
                                     const int8_t *weights, const int32_t *biases,
                                     const int32_t *scales, int32_t count, int8_t *output);
/* Weights of the one to three rows that are left times the values of `row`, added to sums. */
typedef void qmcu_mve_last_rows(const int8_t *row, const int8_t *weights, int32_t steps,
                                int32_t rows, int32_t sums[4]);

/* scales: multipliers and shifts of four rows. */
static inline int32x4_t qmcu_fully_connected_output(const qmcu_fully_connected_mve_params *p,
                                                    const int32_t *scales, const int32_t each[4])
{
    int32x4_t sums = qmcu_mve_four(each[0], each[1], each[2], each[3]);
    sums = qmcu_mve_away(vqrdmulhq_s32(sums, vldrwq_s32(scales)));
    sums = vrshlq_s32(sums, vldrwq_s32(scales + 4));
    return qmcu_mve_clamp(sums, p->output_zero_point, p->activation_minimum, p->activation_maximum);
}

/* The multiplier and shift of all rows, as those of four. */
static inline const int32_t *qmcu_fully_connected_shared(const int32_t *scale, int32_t four[8])
{
    vstrwq_s32(four, vdupq_n_s32(scale[0]));
    vstrwq_s32(four + 4, vdupq_n_s32(scale[1]));
    return four;
}

static inline __attribute__((always_inline)) void
qmcu_fully_connected_rows(const qmcu_fully_connected_mve_params *params, const int8_t *input,
                          const int8_t *weights, const int32_t *channels, int8_t *output,
                          qmcu_mve_fours *fours, qmcu_mve_last_rows *last)
{
    const qmcu_fully_connected_mve_params p = *params;
    const int32_t left = p.output_depth % 4, count = p.output_depth - left;
    const int32_t *scales = channels + p.output_depth;
    int32_t shared[8];

    if (p.scales_step == 0) {
        scales = qmcu_fully_connected_shared(scales, shared);
    }
    for (int32_t batch = 0; batch < p.batches; batch++) {
        const int8_t *w = weights;
        if (count > 0) {
            w = fours(&p, input, w, channels, scales, count, output);
            output += count;
        }
        if (left > 0) {
            const mve_pred16_t live = vctp32q((uint32_t)left);
            int32_t each[4];
            vstrwq_s32(each, vldrwq_z_s32(channels + count, live));
            last(input, w, p.values / 16, left, each);
            const int32x4_t values =
                qmcu_fully_connected_output(&p, scales + count / 4 * (p.scales_step / 4), each);
            vstrbq_p_s32(output, values, live);
            output += left;
        }
        input += p.input_depth;
    }
}

#endif
