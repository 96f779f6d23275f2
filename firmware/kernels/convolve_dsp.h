/* The loops of conv_2d_dsp and conv_2d_dsp_s16, which differ in the width of the weights. */
#ifndef QMCU_CONVOLVE_DSP_H
#define QMCU_CONVOLVE_DSP_H

#include "columns_dsp.h"
#include "dot_dsp.h"

/* Two columns times all filters; the results go to `second` and then to `first`. */
static inline __attribute__((always_inline)) void
qmcu_multiply_columns(const qmcu_conv_2d_dsp_params *p, const uint32_t *columns, const int8_t *weights,
         int32_t wide, const qmcu_channel *channel, int8_t *first, int8_t *second)
{
    const uint32_t steps = (uint32_t)p->steps;
    for (int32_t filter = 0; filter < p->output_depth; filter += 2) {
        int32_t sums[4] = {channel[0].bias, channel[0].bias, channel[1].bias, channel[1].bias};
        if (wide) {
            qmcu_dot_2x2_s16(columns, (const int16_t *)(const void *)weights, steps, sums);
            weights += 16 * steps;
        } else {
            qmcu_dot_2x2_s8(columns, weights, steps, sums);
            weights += 8 * steps;
        }
        second[filter] = qmcu_channel_output(sums[1], channel);
        first[filter] = qmcu_channel_output(sums[0], channel);
        if (filter + 1 < p->output_depth) {
            second[filter + 1] = qmcu_channel_output(sums[3], channel + 1);
            first[filter + 1] = qmcu_channel_output(sums[2], channel + 1);
        }
        channel += 2;
    }
}

static inline __attribute__((always_inline)) void
qmcu_convolve_dsp(const qmcu_conv_2d_dsp_params *p, const int8_t *input, const int8_t *weights,
         int32_t wide, const qmcu_channel *channels, uint32_t *columns, int8_t *output)
{
    int8_t *const bytes = (int8_t *)(columns + 4 * p->steps);
    int32_t pending = 0;
    for (int32_t row = 0; row < p->batches * p->output_height; ++row) {
        const int32_t batch = row / p->output_height;
        const int8_t *image =
            input + batch * p->input_height * p->input_width * p->input_depth;
        const int32_t y = row % p->output_height * p->stride_height - p->padding_top;
        for (int32_t column = 0; column < p->output_width; ++column) {
            const int32_t x = column * p->stride_width - p->padding_left;
            qmcu_lay_out_column(p, image, y, x, columns + 2 * pending, bytes);
            pending ^= 1;
            if (pending == 0) {
                qmcu_multiply_columns(p, columns, weights, wide, channels, output, output + p->output_depth);
                output += 2 * p->output_depth;
            }
        }
    }
    if (pending) {
        /* An odd column is left: the results of the other one, which is old, are overwritten. */
        qmcu_multiply_columns(p, columns, weights, wide, channels, output, output);
    }
}

#endif
