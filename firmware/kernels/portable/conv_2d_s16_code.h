/* 2-D convolution of int16 with int8 weights.

   sum[o] = bias[o] + sum over the taps inside the image and channels of weight * input;
   output = clamp(requantize(sum)). */
#ifndef QMCU_CONV_2D_S16_CODE_H
#define QMCU_CONV_2D_S16_CODE_H

#include "conv_2d_s16.h"
#include "accumulate_s16.h"

/* The taps inside the image; image points at the first of them (and channel of the group). */
static inline __attribute__((always_inline)) int64_t inside(const qmcu_conv_2d_s16_params *p,
                                                            int64_t sum, const int16_t *image,
                                                            const int8_t *filter, qmcu_taps rows,
                                                            qmcu_taps columns,
                                                            qmcu_dot_s16_function *dot)
{
    const int32_t depth = p->window.input_depth / p->groups;
    const int32_t columns_inside = qmcu_taps_count(columns);
    /* Neighbouring taps that are neighbours in memory too make one long product. */
    const int32_t joined = p->window.dilation_width == 1 && p->groups == 1;
    const int32_t runs = joined ? 1 : columns_inside;
    const int32_t run_length = joined ? columns_inside * depth : depth;
    filter += (rows.first * p->window.kernel_width + columns.first) * depth;
    for (int32_t row = rows.first; row < rows.end; ++row) {
        for (int32_t run = 0; run < runs; ++run) {
            sum = dot(sum, image + run * p->window.dilation_width * p->window.input_depth,
                      filter + run * depth, run_length);
        }
        image += p->window.dilation_height * p->window.input_width * p->window.input_depth;
        filter += p->window.kernel_width * depth;
    }
    return sum;
}

static inline __attribute__((always_inline)) void
qmcu_conv_2d_s16_by(const qmcu_conv_2d_s16_params *params, const int16_t *input,
                    const int8_t *weights, const int64_t *bias, const int32_t *multipliers,
                    const int8_t *shifts, int16_t *output, qmcu_dot_s16_function *dot)
{
    const qmcu_conv_2d_s16_params *const p = params;
    const int32_t depth = p->window.input_depth / p->groups;
    const int32_t filters = p->window.output_depth / p->groups;
    const int32_t filter_size = p->window.kernel_height * p->window.kernel_width * depth;
    for (int32_t row = 0; row < p->window.batches * p->window.output_height; ++row) {
        const int32_t batch = row / p->window.output_height;
        const int32_t y =
            row % p->window.output_height * p->window.stride_height - p->window.padding_top;
        const qmcu_taps rows = qmcu_taps_inside(y, p->window.dilation_height,
                                                p->window.kernel_height, p->window.input_height);
        const int32_t first_y =
            batch * p->window.input_height + y + rows.first * p->window.dilation_height;
        for (int32_t column = 0; column < p->window.output_width; ++column) {
            const int32_t x = column * p->window.stride_width - p->window.padding_left;
            const qmcu_taps columns = qmcu_taps_inside(
                x, p->window.dilation_width, p->window.kernel_width, p->window.input_width);
            const int32_t first_x = x + columns.first * p->window.dilation_width;
            const int16_t *image =
                input + (first_y * p->window.input_width + first_x) * p->window.input_depth;
            const int8_t *filter = weights;
            int32_t left_in_group = filters;
            for (int32_t channel = 0; channel < p->window.output_depth; ++channel) {
                const int64_t sum = inside(p, bias[channel], image, filter, rows, columns, dot);
                const int32_t r = channel * p->requantization_step;
                *output++ = qmcu_output_s16(sum, multipliers[r], shifts[r], p->wide,
                                            p->activation_minimum, p->activation_maximum);
                filter += filter_size;
                if (--left_in_group == 0) {
                    left_in_group = filters;
                    image += depth;
                }
            }
        }
    }
}

#endif
