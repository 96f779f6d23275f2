/* Fully connected layers for MVE: four outputs at a time, whatever their weights are. */
#ifndef QMCU_FULLY_CONNECTED_ROWS_MVE_H
#define QMCU_FULLY_CONNECTED_ROWS_MVE_H

#include "fully_connected_mve.h"
#include "mve.h"

/* Four rows of weights (or the `rows` that are left) times the values of `row`, added to sums; returns
   the weights behind them. */
typedef const int8_t *qmcu_mve_four_rows(const int8_t *row, const int8_t *weights, int32_t steps,
                                         int32_t rows, int32_t sums[4]);

static inline __attribute__((always_inline)) void
qmcu_fully_connected_rows(const qmcu_fully_connected_mve_params *params, const int8_t *input,
                          const int8_t *weights, const int32_t *channels, void *scratch,
                          int8_t *output, qmcu_mve_four_rows *multiply)
{
    const int32_t steps = params->steps;
    const int32_t zero_point = params->output_zero_point;
    const int32_t minimum = params->activation_minimum;
    const int32_t maximum = params->activation_maximum;

    for (int32_t batch = 0; batch < params->batches; batch++) {
        const int8_t *row = input;
        if (!params->direct) {
            qmcu_mve_copy(scratch, input, params->input_depth);
            row = scratch;
        }
        const int8_t *w = weights;
        const int32_t *channel = channels;
        for (int32_t left = params->output_depth; left > 0; left -= 4, output += 4) {
            int32_t each[4] = {channel[0], channel[1], channel[2], channel[3]};
            w = multiply(row, w, steps, left, each);
            int32x4_t sums = qmcu_mve_four(each[0], each[1], each[2], each[3]);
            sums = qmcu_mve_away(vqrdmulhq_s32(sums, vldrwq_s32(channel + 4)));
            sums = vrshlq_s32(sums, vldrwq_s32(channel + 8));
            sums = qmcu_mve_clamp(sums, zero_point, minimum, maximum);
            vstrbq_p_s32(output, sums, vctp32q((uint32_t)left));
            channel += 12;
        }
        /* The last four may be less. */
        output -= (4 - (params->output_depth & 3)) & 3;
        input += params->input_depth;
    }
}

#endif
