/* 2-D convolution of int16 by columns, group of channels after group: each window of one is laid
   out, unless it is a pixel. */
#ifndef QMCU_CONV_2D_GROUPS_S16_QUADS_CODE_H
#define QMCU_CONV_2D_GROUPS_S16_QUADS_CODE_H

#include "conv_2d_groups_s16_quads.h"

#include <string.h>

/* Where a window lies: its taps inside the image, and the first of these. */
typedef struct {
    const int16_t *first;
    qmcu_taps rows;
    qmcu_taps columns;
} place;

static inline void qmcu_copy_taps_s16(int16_t *to, const int16_t *from, int32_t depth, int32_t step,
                                      int32_t taps)
{
    for (; taps > 0; --taps, from += step) {
        const int16_t *value = from;
        int32_t left = depth;
#if !defined(__ARM_ARCH_6M__) /* which has no unaligned words */
        for (; left >= 2; left -= 2, to += 2, value += 2) {
            memcpy(to, value, 4);
        }
#endif
        for (; left > 0; --left) {
            *to++ = *value++;
        }
    }
}

/* The window of the group whose channels begin at `image`. */
static inline __attribute__((always_inline)) void lay_out(const qmcu_window *w, const place *at,
                                                          const int16_t *image, int32_t depth,
                                                          int16_t *to,
                                                          qmcu_copy_taps_s16_function *copy)
{
    const int32_t inside = qmcu_taps_count(at->columns), rows = qmcu_taps_count(at->rows);
    const int32_t wide = w->kernel_width * depth;
    if (inside < w->kernel_width || rows < w->kernel_height) {
        memset(to, 0, (size_t)(2 * w->kernel_height * wide));
    }
    if (inside == 0) {
        return;
    }
    to += at->rows.first * wide + at->columns.first * depth;
    for (int32_t row = rows; row > 0; --row) {
        copy(to, image, depth, w->dilation_width * w->input_depth, inside);
        image += w->dilation_height * w->input_width * w->input_depth;
        to += wide;
    }
}

/* The outputs of `count` windows, one or two. */
static inline __attribute__((always_inline)) void
groups_of(const qmcu_conv_2d_groups_s16_quads_params *p, const place *at, int32_t count,
          const int8_t *weights, const int32_t *bias, const int32_t *multipliers, int16_t *scratch,
          int16_t *output, qmcu_quads_of_groups_s16_function *quads,
          qmcu_copy_taps_s16_function *copy, int32_t unit)
{
    const qmcu_window *const w = &p->window;
    const int32_t depth = w->input_depth / p->groups, filters = p->quads.outputs;
    const int32_t room = (p->quads.depth + 3) / 4 * 4;
    const int32_t values = (p->quads.depth + unit - 1) / unit * unit;
    const int32_t pixel =
        w->kernel_height * w->kernel_width == 1 && w->padding_top + w->padding_left == 0;
    for (int32_t channel = 0; channel < w->input_depth; channel += depth) {
        const int16_t *columns[2] = {0, 0};
        for (int32_t i = 0; i < count; ++i) {
            const int16_t *const image = at[i].first + channel;
            columns[i] = pixel ? image : scratch + i * room;
            if (!pixel) {
                lay_out(w, &at[i], image, depth, scratch + i * room, copy);
            }
        }
        quads(&p->quads, w->output_depth, columns[0], columns[1], weights, bias, multipliers,
              output);
        weights += filters * values;
        bias += filters;
        multipliers += filters;
        output += filters;
    }
}

/* Multiplies `together` columns at a time, 1 or 2; scratch holds as many. `unit`: what the values
   of a filter are filled up to multiples of. */
static inline __attribute__((always_inline)) void
qmcu_conv_2d_groups_s16_quads_by(const qmcu_conv_2d_groups_s16_quads_params *p,
                                 const int16_t *input, const int8_t *weights, const int32_t *bias,
                                 const int32_t *multipliers, int16_t *scratch, int16_t *output,
                                 qmcu_quads_of_groups_s16_function *quads,
                                 qmcu_copy_taps_s16_function *copy, int32_t together, int32_t unit)
{
    const qmcu_window *const w = &p->window;
    place at[2];
    int32_t held = 0;
    for (int32_t left = w->batches * w->output_height; left > 0; --left) {
        const int32_t row = (w->batches * w->output_height - left) % w->output_height;
        const int32_t y = row * w->stride_height - w->padding_top;
        const qmcu_taps rows =
            qmcu_taps_inside(y, w->dilation_height, w->kernel_height, w->input_height);
        const int16_t *const image =
            input + (y + rows.first * w->dilation_height) * w->input_width * w->input_depth;
        for (int32_t column = 0; column < w->output_width; ++column) {
            const int32_t x = column * w->stride_width - w->padding_left;
            const qmcu_taps columns =
                qmcu_taps_inside(x, w->dilation_width, w->kernel_width, w->input_width);
            at[held].first = image + (x + columns.first * w->dilation_width) * w->input_depth;
            at[held].rows = rows;
            at[held].columns = columns;
            if (++held < together && (left > 1 || column + 1 < w->output_width)) {
                continue;
            }
            groups_of(p, at, held, weights, bias, multipliers, scratch, output, quads, copy, unit);
            output += held * w->output_depth;
            held = 0;
        }
        if (row == w->output_height - 1) {
            input += w->input_height * w->input_width * w->input_depth;
        }
    }
}

#endif
