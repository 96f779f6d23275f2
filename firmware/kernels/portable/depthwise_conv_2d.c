/* 2-D depthwise convolution: output channel c reads input channel c / depth_multiplier only.

   sum[c] = bias[c] + sum over taps of weight * (input - input_zero_point), where a tap outside the
   image counts as input_zero_point; output = clamp(requantize(sum) + output_zero_point).
   The zero point's share of a whole window is in the bias already, so a window that lies inside the
   image needs products only, and one that does not adds zero point * weight for what is missing. */
#include "depthwise_conv_2d.h"

#include "accumulate.h"
#include "window.h"

/* The taps inside the image; image points at the first of them, filter at the first of all. */
static uint32_t inside(const qmcu_depthwise_conv_2d_params *p, uint32_t sum, const int8_t *image,
                       const int8_t *filter, qmcu_taps rows, qmcu_taps columns)
{
    const int32_t output_depth = p->window.input_depth * p->window.depth_multiplier;
    const int32_t image_step = p->window.dilation_width * p->window.input_depth;
    filter += (rows.first * p->window.kernel_width + columns.first) * output_depth;
    for (int32_t row = rows.first; row < rows.end; ++row) {
        const int8_t *x = image;
        const int8_t *w = filter;
        for (int32_t column = columns.first; column < columns.end; ++column) {
            sum += (uint32_t)(*x * *w);
            x += image_step;
            w += output_depth;
        }
        image += p->window.dilation_height * p->window.input_width * p->window.input_depth;
        filter += p->window.kernel_width * output_depth;
    }
    return sum;
}

/* The sum of the weights of the taps outside the image. */
static int32_t weights_outside(const qmcu_depthwise_conv_2d_params *p, const int8_t *filter,
                               qmcu_taps rows, qmcu_taps columns)
{
    int32_t sum = 0;
    for (int32_t row = 0; row < p->window.kernel_height; ++row) {
        for (int32_t column = 0; column < p->window.kernel_width; ++column) {
            if (row < rows.first || row >= rows.end || column < columns.first ||
                column >= columns.end) {
                sum += *filter;
            }
            filter += p->window.input_depth * p->window.depth_multiplier;
        }
    }
    return sum;
}

void qmcu_depthwise_conv_2d(const qmcu_depthwise_conv_2d_params *params, const int8_t *input,
                            const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                            const int8_t *shifts, int8_t *output)
{
    const qmcu_depthwise_conv_2d_params *const p = params;
    const int32_t output_depth = p->window.input_depth * p->window.depth_multiplier;
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
            const int32_t whole = qmcu_taps_count(rows) == p->window.kernel_height &&
                                  qmcu_taps_count(columns) == p->window.kernel_width;
            const int8_t *image =
                input + (first_y * p->window.input_width + first_x) * p->window.input_depth;
            int32_t left_of_input = p->window.depth_multiplier;
            for (int32_t channel = 0; channel < output_depth; ++channel) {
                const int8_t *const filter = weights + channel;
                uint32_t sum = inside(p, (uint32_t)bias[channel], image, filter, rows, columns);
                if (!whole) {
                    sum += (uint32_t)p->input_zero_point *
                           (uint32_t)weights_outside(p, filter, rows, columns);
                }
                const int32_t r = channel * p->requantization_step;
                *output++ = qmcu_output_s8(sum, multipliers[r], shifts[r], p->output_zero_point,
                                           p->activation_minimum, p->activation_maximum);
                if (--left_of_input == 0) {
                    left_of_input = p->window.depth_multiplier;
                    ++image;
                }
            }
        }
    }
}
