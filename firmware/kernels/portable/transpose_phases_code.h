/* Transposed convolution of int8 by phases, with a core's own convolution. */
#ifndef QMCU_TRANSPOSE_PHASES_CODE_H
#define QMCU_TRANSPOSE_PHASES_CODE_H

#include "transpose_phases.h"

#include <string.h>

/* The convolution of `window` (one image, no strides), of whose rows `input` is the first: to `output`.
   Answers where the weights of the next phase are. */
typedef const void *qmcu_convolve_phase(const void *layer, const qmcu_window *window,
                                        const int8_t *input, const void *weights, int8_t *output);

/* Rows of a phase to where they belong. */
static inline void qmcu_spread_phase(const qmcu_window *transposed, const qmcu_window *phase,
                                     const int8_t *from, int8_t *to)
{
    const int32_t depth = transposed->output_depth;
    const int32_t beside = transposed->stride_width * depth;
    const int32_t below = transposed->stride_height * transposed->output_width * depth;
    for (int32_t row = phase->output_height; row > 0; --row, to += below) {
        int8_t *pixel = to;
        for (int32_t left = phase->output_width; left > 0; --left, pixel += beside) {
            int32_t i = 0;
            for (; i + 4 <= depth; i += 4, from += 4) {
                memcpy(pixel + i, from, 4);
            }
            for (; i < depth; ++i) {
                pixel[i] = *from++;
            }
        }
    }
}

/* The outputs of the phase of row `down` and column `right` in an image; where the next weights are. */
static inline __attribute__((always_inline)) const void *
qmcu_transpose_phase(const qmcu_transpose_phases *p, int32_t down, int32_t right,
                     const int8_t *input, const void *weights, int8_t *staged, int8_t *output,
                     qmcu_convolve_phase *convolve, const void *layer)
{
    const qmcu_window *const t = &p->window;
    const int32_t y = qmcu_first_of_phase(down, t->padding_top, t->stride_height);
    const int32_t x = qmcu_first_of_phase(right, t->padding_left, t->stride_width);
    qmcu_window w = *t;
    const void *next = weights;
    w.batches = w.stride_height = w.stride_width = 1;
    w.kernel_height = qmcu_taps_of_phase(down, t->kernel_height, t->stride_height);
    w.kernel_width = qmcu_taps_of_phase(right, t->kernel_width, t->stride_width);
    w.output_width = (t->output_width - x + t->stride_width - 1) / t->stride_width;
    w.padding_left = w.kernel_width - 1 - (x + t->padding_left) / t->stride_width;
    int32_t top = (y + t->padding_top) / t->stride_height - w.kernel_height + 1;
    int32_t left = (t->output_height - y + t->stride_height - 1) / t->stride_height;
    output += (y * t->output_width + x) * t->output_depth;
    for (; left > 0; left -= p->rows, top += p->rows) {
        const int32_t above = top > 0 ? top : 0; /* rows that none of these windows reads */
        w.input_height = t->input_height - above;
        w.padding_top = above - top;
        w.output_height = left < p->rows ? left : p->rows;
        next =
            convolve(layer, &w, input + above * t->input_width * t->input_depth, weights, staged);
        qmcu_spread_phase(t, &w, staged, output);
        output += p->rows * t->stride_height * t->output_width * t->output_depth;
    }
    return next;
}

static inline __attribute__((always_inline)) void
qmcu_transpose_by_phases(const qmcu_transpose_phases *p, const int8_t *input, const void *weights,
                         void *scratch, int8_t *output, qmcu_convolve_phase *convolve,
                         const void *layer)
{
    const qmcu_window *const t = &p->window;
    int8_t *const staged = (int8_t *)scratch + p->staged;
    for (int32_t batch = 0; batch < t->batches; ++batch) {
        const void *of_phase = weights;
        for (int32_t down = 0; down < t->stride_height; ++down) {
            for (int32_t right = 0; right < t->stride_width; ++right) {
                of_phase = qmcu_transpose_phase(p, down, right, input, of_phase, staged, output,
                                                convolve, layer);
            }
        }
        input += t->input_height * t->input_width * t->input_depth;
        output += t->output_height * t->output_width * t->output_depth;
    }
}

#endif
