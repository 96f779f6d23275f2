/* 2-D convolution of int16 by columns: each window is laid out, unless it is a pixel. */
#ifndef QMCU_CONV_2D_S16_QUADS_CODE_H
#define QMCU_CONV_2D_S16_QUADS_CODE_H

#include "conv_2d_s16_quads.h"
#include "bytes.h"

static inline int16_t *zeros(int16_t *to, int32_t count)
{
    for (; count > 0; --count) {
        *to++ = 0;
    }
    return to;
}

/* The window whose first tap is at row y and column x of the image. */
static inline __attribute__((always_inline)) void lay_out(const qmcu_window *w,
                                                          const int16_t *image, int32_t y,
                                                          int32_t x, int16_t *to,
                                                          qmcu_copy_function *copy)
{
    const int32_t depth = w->input_depth;
    const qmcu_taps rows =
        qmcu_taps_inside(y, w->dilation_height, w->kernel_height, w->input_height);
    const qmcu_taps columns =
        qmcu_taps_inside(x, w->dilation_width, w->kernel_width, w->input_width);
    const int32_t inside = qmcu_taps_count(columns);
    /* Neighbouring taps that are neighbours in memory too are one run. */
    const int32_t run = w->dilation_width == 1 ? inside : 1;
    for (int32_t row = 0; row < w->kernel_height; ++row) {
        if (row < rows.first || row >= rows.end || inside == 0) {
            to = zeros(to, w->kernel_width * depth);
            continue;
        }
        const int32_t first_y = y + row * w->dilation_height;
        const int32_t first_x = x + columns.first * w->dilation_width;
        const int16_t *from = image + (first_y * w->input_width + first_x) * depth;
        to = zeros(to, columns.first * depth);
        for (int32_t tap = 0; tap < inside; tap += run) {
            copy((int8_t *)to, (const int8_t *)from, 2 * run * depth);
            to += run * depth;
            from += run * w->dilation_width * depth;
        }
        to = zeros(to, (w->kernel_width - columns.end) * depth);
    }
}

static inline __attribute__((always_inline)) void
qmcu_conv_2d_s16_quads_by(const qmcu_conv_2d_s16_quads_params *p, const int16_t *input,
                          const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                          int16_t *scratch, int16_t *output, qmcu_quads_s16_function *quads,
                          qmcu_copy_function *copy)
{
    const qmcu_window *const w = &p->window;
    const int32_t pixel =
        w->kernel_height * w->kernel_width == 1 && w->padding_top + w->padding_left == 0;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t row = 0; row < w->output_height; ++row) {
            const int32_t y = row * w->stride_height - w->padding_top;
            for (int32_t column = 0; column < w->output_width; ++column) {
                const int32_t x = column * w->stride_width - w->padding_left;
                const int16_t *from = scratch;
                if (pixel) {
                    from = input + (y * w->input_width + x) * w->input_depth;
                } else {
                    lay_out(w, input, y, x, scratch, copy);
                }
                quads(&p->quads, from, weights, bias, multipliers, output);
                output += p->quads.outputs;
            }
        }
        input += w->input_height * w->input_width * w->input_depth;
    }
}

#endif
