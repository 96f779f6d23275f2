/* Transposed convolution by phases (transpose_phases.h), four windows at a time. */
#include "small.h"

#include "transpose_conv_four_dsp.h"

#include "conv_2d_windows_four_dsp.h"
#include "transpose_phases_code.h"

typedef struct {
    int32_t input_zero_point;
    void *scratch;
} layer;

static const void *convolve(const void *of, const qmcu_window *w, const int8_t *input,
                            const void *weights, int8_t *output)
{
    const layer *const l = of;
    const qmcu_conv_2d_windows_four_dsp_params params = {
        .batches = 1,
        .input_height = w->input_height,
        .input_width = w->input_width,
        .input_depth = w->input_depth,
        .output_height = w->output_height,
        .output_width = w->output_width,
        .output_depth = w->output_depth,
        .kernel_height = w->kernel_height,
        .kernel_width = w->kernel_width,
        .stride_height = 1,
        .stride_width = 1,
        .padding_top = w->padding_top,
        .padding_left = w->padding_left,
        .input_zero_point = l->input_zero_point,
        .words = (w->kernel_width * w->input_depth + 3) / 4,
    };
    const int32_t *const filters = weights;
    qmcu_conv_2d_windows_four_dsp(&params, input, filters, l->scratch, output);
    return filters + (w->output_depth + 1) / 2 * (8 + 2 * w->kernel_height * params.words);
}

void qmcu_transpose_conv_four_dsp(const qmcu_transpose_conv_four_dsp_params *params,
                                  const int8_t *input, const int32_t *filters, void *scratch,
                                  int8_t *output)
{
    const layer l = {params->input_zero_point, scratch};
    qmcu_transpose_by_phases(params, input, filters, scratch, output, convolve, &l);
}
