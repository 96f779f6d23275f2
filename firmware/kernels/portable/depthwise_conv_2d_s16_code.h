/* 2-D depthwise convolution of int16 with int8 weights: output channel c reads input channel
   c / depth_multiplier only.

   sum[c] = bias[c] + sum over the taps inside the image of weight * input;
   output = clamp(requantize(sum)). */
#ifndef QMCU_DEPTHWISE_CONV_2D_S16_CODE_H
#define QMCU_DEPTHWISE_CONV_2D_S16_CODE_H

#include "depthwise_conv_2d_s16.h"
#include "accumulate_s16.h"

#define QMCU_DEPTHWISE_S16_TAPS 511 /* products of at most 2^22 whose sum has 32 bits */

/* sums[i] of 1 to 4 neighbouring channels, without bias: image and filter are those of the first of
   them, at most QMCU_DEPTHWISE_S16_TAPS taps. */
typedef void qmcu_depthwise_s16_function(const qmcu_depthwise_conv_2d_s16_params *p,
                                         const int16_t *image, const int8_t *filter, qmcu_taps rows,
                                         qmcu_taps columns, int32_t count, int32_t sums[4]);

/* One channel: the taps inside the image; image points at the first of them, filter at the first of all. */
static inline int64_t qmcu_depthwise_s16_sum(const qmcu_depthwise_conv_2d_s16_params *p,
                                             int64_t sum, const int16_t *image,
                                             const int8_t *filter, qmcu_taps rows,
                                             qmcu_taps columns)
{
    const int32_t output_depth = p->window.input_depth * p->window.depth_multiplier;
    const int32_t image_step = p->window.dilation_width * p->window.input_depth;
    filter += (rows.first * p->window.kernel_width + columns.first) * output_depth;
    for (int32_t row = rows.first; row < rows.end; ++row) {
        const int16_t *x = image;
        const int8_t *w = filter;
        for (int32_t column = columns.first; column < columns.end; ++column) {
            sum += *x * *w;
            x += image_step;
            w += output_depth;
        }
        image += p->window.dilation_height * p->window.input_width * p->window.input_depth;
        filter += p->window.kernel_width * output_depth;
    }
    return sum;
}

static inline __attribute__((always_inline)) void
qmcu_depthwise_conv_2d_s16_by(const qmcu_depthwise_conv_2d_s16_params *params, const int16_t *input,
                              const int8_t *weights, const int64_t *bias,
                              const int32_t *multipliers, const int8_t *shifts, int16_t *output,
                              qmcu_depthwise_s16_function *four)
{
    const qmcu_depthwise_conv_2d_s16_params *const p = params;
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
            const int16_t *const image =
                input + (first_y * p->window.input_width + first_x) * p->window.input_depth;
            for (int32_t channel = 0; channel < output_depth;) {
                const int8_t *const filter = weights + channel;
                int32_t sums[4], count = output_depth - channel;
                if (four != 0 && p->window.depth_multiplier == 1) {
                    count = count < 4 ? count : 4;
                    four(p, image + channel, filter, rows, columns, count, sums);
                } else {
                    count = 0;
                }
                int32_t i = 0;
                do {
                    const int64_t sum =
                        count ? bias[channel] + sums[i]
                              : qmcu_depthwise_s16_sum(p, bias[channel],
                                                       image + channel / p->window.depth_multiplier,
                                                       filter, rows, columns);
                    const int32_t r = channel * p->requantization_step;
                    *output++ = qmcu_output_s16(sum, multipliers[r], shifts[r], 1,
                                                p->activation_minimum, p->activation_maximum);
                    ++channel;
                } while (++i < count);
            }
        }
    }
}

#endif
