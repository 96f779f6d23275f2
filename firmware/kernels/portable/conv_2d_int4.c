/* 2-D convolution with int4 weights, a filter at a time over all pixels: what it unpacks serves them
   all. The arithmetic is that of conv_2d.c. */
#include "conv_2d_int4.h"

#include "conv_2d_sum.h"
#include "unpack_int4.h"

/* One output channel; image is the first input channel of its group. */
static void one_filter(const qmcu_conv_2d_int4_params *p, const int8_t *image, const int8_t *filter,
                       int32_t bias, int32_t multiplier, int32_t shift, int8_t *output)
{
    for (int32_t row = 0; row < p->window.batches * p->window.output_height; ++row) {
        const int32_t y =
            row % p->window.output_height * p->window.stride_height - p->window.padding_top;
        const qmcu_taps rows = qmcu_taps_inside(y, p->window.dilation_height,
                                                p->window.kernel_height, p->window.input_height);
        const int32_t top = row / p->window.output_height * p->window.input_height + y +
                            rows.first * p->window.dilation_height;
        for (int32_t column = 0; column < p->window.output_width; ++column) {
            const int32_t x = column * p->window.stride_width - p->window.padding_left;
            const qmcu_taps columns = qmcu_taps_inside(
                x, p->window.dilation_width, p->window.kernel_width, p->window.input_width);
            const int32_t left = x + columns.first * p->window.dilation_width;
            uint32_t sum =
                inside(p, (uint32_t)bias,
                       image + (top * p->window.input_width + left) * p->window.input_depth, filter,
                       rows, columns);
            if (qmcu_taps_count(rows) < p->window.kernel_height ||
                qmcu_taps_count(columns) < p->window.kernel_width) {
                sum += (uint32_t)p->input_zero_point *
                       (uint32_t)weights_outside(p, filter, rows, columns);
            }
            *output = qmcu_output_s8(sum, multiplier, shift, p->output_zero_point,
                                     p->activation_minimum, p->activation_maximum);
            output += p->window.output_depth;
        }
    }
}

void qmcu_conv_2d_int4(const qmcu_conv_2d_int4_params *params, const int8_t *input,
                       const uint8_t *weights, const int32_t *bias, const int32_t *multipliers,
                       const int8_t *shifts, void *scratch, int8_t *output)
{
    const qmcu_conv_2d_int4_params *const p = params;
    const int32_t depth = p->window.input_depth / p->groups;
    const int32_t filters = p->window.output_depth / p->groups;
    const int32_t filter_size = p->window.kernel_height * p->window.kernel_width * depth;
    for (int32_t channel = 0; channel < p->window.output_depth; ++channel) {
        const int32_t r = channel * p->requantization_step;
        weights = qmcu_unpack_int4(weights, scratch, filter_size);
        one_filter(p, input + channel / filters * depth, scratch, bias[channel], multipliers[r],
                   shifts[r], output + channel);
    }
}
