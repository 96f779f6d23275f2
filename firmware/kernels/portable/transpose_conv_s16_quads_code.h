/* Transposed convolution of int16 by phases (transpose_phases.h). */
#ifndef QMCU_TRANSPOSE_CONV_S16_QUADS_CODE_H
#define QMCU_TRANSPOSE_CONV_S16_QUADS_CODE_H

#include "transpose_conv_s16_quads.h"
#include "transpose_phases.h"

/* The outputs of the phase of row `down` and column `right`; weights are the phase's. */
static inline __attribute__((always_inline)) void
phase_of(const qmcu_transpose_conv_s16_quads_params *p, int32_t down, int32_t right,
         const int16_t *input, const int8_t *weights, const int32_t *bias,
         const int32_t *multipliers, int16_t *output, qmcu_runs_s16_function *pixel)
{
    const int32_t depth = p->input_depth, image_row = p->input_width * depth;
    const int32_t height = qmcu_taps_of_phase(down, p->kernel_height, p->stride_height);
    const int32_t width = qmcu_taps_of_phase(right, p->kernel_width, p->stride_width);
    qmcu_runs_s16 runs = {
        .image_row = image_row, .filter_row = width * depth, .depth = height * width * depth};
    for (int32_t y = qmcu_first_of_phase(down, p->padding_top, p->stride_height);
         y < p->output_height; y += p->stride_height) {
        const int32_t top = (y + p->padding_top) / p->stride_height - height + 1;
        const qmcu_taps rows = qmcu_taps_inside(top, 1, height, p->input_height);
        for (int32_t x = qmcu_first_of_phase(right, p->padding_left, p->stride_width);
             x < p->output_width; x += p->stride_width) {
            const int32_t left = (x + p->padding_left) / p->stride_width - width + 1;
            const qmcu_taps columns = qmcu_taps_inside(left, 1, width, p->input_width);
            const int32_t inside = qmcu_taps_count(columns);
            runs.rows = inside > 0 ? qmcu_taps_count(rows) : 0;
            runs.length = inside * depth;
            runs.filter_first = rows.first * runs.filter_row + columns.first * depth;
            pixel(&p->quads, &runs,
                  input + (top + rows.first) * image_row + (left + columns.first) * depth, weights,
                  bias, multipliers, output + (y * p->output_width + x) * p->quads.outputs);
        }
    }
}

/* `unit`: what filters are filled up to multiples of. */
static inline __attribute__((always_inline)) void
qmcu_transpose_conv_s16_quads_by(const qmcu_transpose_conv_s16_quads_params *p,
                                 const int16_t *input, const int8_t *weights, const int32_t *bias,
                                 const int32_t *multipliers, int16_t *output,
                                 qmcu_runs_s16_function *pixel, int32_t unit)
{
    const int32_t filters = (p->quads.outputs + unit - 1) / unit * unit;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *from = weights;
        for (int32_t down = 0; down < p->stride_height; ++down) {
            for (int32_t right = 0; right < p->stride_width; ++right) {
                phase_of(p, down, right, input, from, bias, multipliers, output, pixel);
                from += filters * qmcu_taps_of_phase(down, p->kernel_height, p->stride_height) *
                        qmcu_taps_of_phase(right, p->kernel_width, p->stride_width) *
                        p->input_depth;
            }
        }
        input += p->input_height * p->input_width * p->input_depth;
        output += p->output_height * p->output_width * p->quads.outputs;
    }
}

#endif
