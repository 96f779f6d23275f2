/* Transposed convolution of int16 by phases (transpose_phases.h), whose windows are laid out: runs of
   channels that are no fours begin within a step of the weights where they lie. */
#include "transpose_conv_s16_windows_dsp.h"

#include "copy_dsp.h"
#include "quads_s16_dsp.h"
#include "transpose_phases.h"

/* A phase: how many taps it has along each axis, and its weights. */
typedef struct {
    int32_t height;
    int32_t width;
    const int8_t *weights;
} phase_t;

/* The window whose first tap is at row `top` and column `left` of the input. */
static void lay_out(const qmcu_transpose_conv_s16_windows_dsp_params *p, const phase_t *phase,
                    const int16_t *input, int32_t top, int32_t left, int16_t *to)
{
    const int32_t depth = p->input_depth, wide = phase->width * depth;
    const qmcu_taps rows = qmcu_taps_inside(top, 1, phase->height, p->input_height);
    const qmcu_taps columns = qmcu_taps_inside(left, 1, phase->width, p->input_width);
    const int32_t inside = qmcu_taps_count(columns);
    if (inside < phase->width || qmcu_taps_count(rows) < phase->height) {
        qmcu_fill_bytes((int8_t *)to, 0, 2 * phase->height * wide);
    }
    const int16_t *from =
        input + ((top + rows.first) * p->input_width + left + columns.first) * depth;
    to += rows.first * wide + columns.first * depth;
    for (int32_t row = rows.first; row < rows.end; ++row) {
        qmcu_copy_bytes((int8_t *)to, (const int8_t *)from, 2 * inside * depth);
        from += p->input_width * depth;
        to += wide;
    }
}

/* The outputs of the phase of row `down` and column `right`. */
static void outputs_of(const qmcu_transpose_conv_s16_windows_dsp_params *p, const phase_t *phase,
                       int32_t down, int32_t right, const int16_t *input, const int32_t *bias,
                       const int32_t *multipliers, int16_t *scratch, int16_t *output)
{
    qmcu_quads_s16 quads = p->quads;
    quads.depth = phase->height * phase->width * p->input_depth;
    for (int32_t y = qmcu_first_of_phase(down, p->padding_top, p->stride_height);
         y < p->output_height; y += p->stride_height) {
        const int32_t top = (y + p->padding_top) / p->stride_height - phase->height + 1;
        for (int32_t x = qmcu_first_of_phase(right, p->padding_left, p->stride_width);
             x < p->output_width; x += p->stride_width) {
            const int32_t left = (x + p->padding_left) / p->stride_width - phase->width + 1;
            lay_out(p, phase, input, top, left, scratch);
            qmcu_quads_even_s16_dsp(&quads, scratch, 0, phase->weights, bias, multipliers,
                                    output + (y * p->output_width + x) * quads.outputs);
        }
    }
}

void qmcu_transpose_conv_s16_windows_dsp(const qmcu_transpose_conv_s16_windows_dsp_params *params,
                                         const int16_t *input, const int8_t *weights,
                                         const int32_t *bias, const int32_t *multipliers,
                                         void *scratch, int16_t *output)
{
    const qmcu_transpose_conv_s16_windows_dsp_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        phase_t phase = {.weights = weights};
        for (int32_t down = 0; down < p->stride_height; ++down) {
            phase.height = qmcu_taps_of_phase(down, p->kernel_height, p->stride_height);
            for (int32_t right = 0; right < p->stride_width; ++right) {
                phase.width = qmcu_taps_of_phase(right, p->kernel_width, p->stride_width);
                outputs_of(p, &phase, down, right, input, bias, multipliers, scratch, output);
                phase.weights +=
                    (phase.height * phase.width * p->input_depth + 1) / 2 * 2 * p->quads.outputs;
            }
        }
        input += p->input_height * p->input_width * p->input_depth;
        output += p->output_height * p->output_width * p->quads.outputs;
    }
}
