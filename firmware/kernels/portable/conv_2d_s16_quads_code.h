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

/* The window whose first column is x and whose rows inside the image are `rows`; image points at
   the first of these. */
static inline __attribute__((always_inline)) void lay_out(const qmcu_window *w,
                                                          const int16_t *image, qmcu_taps rows,
                                                          int32_t x, int16_t *to,
                                                          qmcu_copy_function *copy)
{
    const int32_t depth = w->input_depth, wide = w->kernel_width * depth;
    const qmcu_taps columns =
        qmcu_taps_inside(x, w->dilation_width, w->kernel_width, w->input_width);
    const int32_t inside = qmcu_taps_count(columns);
    if (inside == 0 || qmcu_taps_count(rows) == 0) {
        rows.first = rows.end = 0;
    }
    /* Neighbouring taps that are neighbours in memory too are one run. */
    const int32_t run = w->dilation_width == 1 ? inside : 1;
    image += (x + columns.first * w->dilation_width) * depth;
    to = zeros(to, rows.first * wide);
    for (int32_t row = rows.first; row < rows.end; ++row) {
        const int16_t *from = image;
        to = zeros(to, columns.first * depth);
        for (int32_t tap = 0; tap < inside; tap += run) {
            copy((int8_t *)to, (const int8_t *)from, 2 * run * depth);
            to += run * depth;
            from += run * w->dilation_width * depth;
        }
        to = zeros(to, (w->kernel_width - columns.end) * depth);
        image += w->dilation_height * w->input_width * depth;
    }
    zeros(to, (w->kernel_height - rows.end) * wide);
}

/* Multiplies `together` columns at a time, 1 or 2; scratch holds as many. */
static inline __attribute__((always_inline)) void
qmcu_conv_2d_s16_quads_by(const qmcu_conv_2d_s16_quads_params *p, const int16_t *input,
                          const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                          int16_t *scratch, int16_t *output, qmcu_quads_s16_function *quads,
                          qmcu_copy_function *copy, int32_t together)
{
    const qmcu_window *const w = &p->window;
    const int32_t pixel =
        w->kernel_height * w->kernel_width == 1 && w->padding_top + w->padding_left == 0;
    const int32_t room = (p->quads.depth + 3) / 4 * 4;
    const int16_t *first = 0; /* a column that waits for another */
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t row = 0; row < w->output_height; ++row) {
            const int32_t y = row * w->stride_height - w->padding_top;
            const qmcu_taps rows =
                qmcu_taps_inside(y, w->dilation_height, w->kernel_height, w->input_height);
            const int16_t *const image =
                input + (y + rows.first * w->dilation_height) * w->input_width * w->input_depth;
            for (int32_t column = 0; column < w->output_width; ++column) {
                const int32_t x = column * w->stride_width - w->padding_left;
                const int16_t *from = image + x * w->input_depth;
                if (!pixel) {
                    int16_t *const to = first ? scratch + room : scratch;
                    lay_out(w, image, rows, x, to, copy);
                    from = to;
                }
                if (together == 2 && !first) {
                    first = from;
                    continue;
                }
                quads(&p->quads, first ? first : from, first ? from : 0, weights, bias, multipliers,
                      output);
                output += together * p->quads.outputs;
                first = 0;
            }
        }
        input += w->input_height * w->input_width * w->input_depth;
    }
    if (first) {
        quads(&p->quads, first, 0, weights, bias, multipliers, output);
    }
}

#endif
