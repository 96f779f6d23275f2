/* 2-D convolution of real numbers: clamp((sum over taps inside the image, then channels, of
   input * weight) + bias), each product and each sum rounded, in this order. */
#include "conv_2d_f32.h"

#include "clamp_f32.h"

/* The taps inside the image; image points at the first of them (and channel of the group). */
static float inside(const qmcu_conv_2d_f32_params *p, const float *image, const float *filter,
                    qmcu_taps rows, qmcu_taps columns)
{
    const int32_t depth = p->window.input_depth / p->groups;
    float sum = 0.0f;
    filter += (rows.first * p->window.kernel_width + columns.first) * depth;
    for (int32_t row = rows.first; row < rows.end; ++row) {
        const float *x = image;
        const float *w = filter;
        for (int32_t column = columns.first; column < columns.end; ++column) {
            for (int32_t channel = 0; channel < depth; ++channel) {
                sum += x[channel] * w[channel];
            }
            x += p->window.dilation_width * p->window.input_depth;
            w += depth;
        }
        image += p->window.dilation_height * p->window.input_width * p->window.input_depth;
        filter += p->window.kernel_width * depth;
    }
    return sum;
}

void qmcu_conv_2d_f32(const qmcu_conv_2d_f32_params *params, const float *input,
                      const float *weights, const float *bias, float *output)
{
    const qmcu_conv_2d_f32_params *const p = params;
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
            const float *const image =
                input + (first_y * p->window.input_width + first_x) * p->window.input_depth;
            for (int32_t channel = 0; channel < p->window.output_depth; ++channel) {
                const float sum = inside(p, image + channel / filters * depth,
                                         weights + channel * filter_size, rows, columns);
                *output++ = qmcu_clamp_f32(sum + bias[channel], p->activation_minimum,
                                           p->activation_maximum);
            }
        }
    }
}
