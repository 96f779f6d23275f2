/* Transposed convolution by phases (transpose_phases.h), each filter requantized in its own way. */
#include "small.h"

#include "transpose_conv_any_dsp.h"

#include "conv_2d_any_dsp.h"
#include "transpose_phases_code.h"

typedef struct {
    const qmcu_transpose_conv_any_dsp_params *params;
    void *scratch;
} layer;

static const void *convolve(const void *of, const qmcu_window *w, const int8_t *input,
                            const void *weights, int8_t *output)
{
    const layer *const l = of;
    const int32_t values = w->kernel_height * w->kernel_width * w->input_depth;
    /* With what is read behind the last filter. */
    const int32_t bytes = values * w->output_depth + (-values & 3);
    const qmcu_conv_2d_any_dsp_params params = {
        .window = *w,
        .input_zero_point = l->params->phases.input_zero_point,
        .output_zero_point = l->params->output_zero_point,
        .groups = 1,
    };
    const int32_t *const words = weights, *const channels = words + (bytes + 3) / 4;
    qmcu_conv_2d_any_dsp(&params, input, weights, channels, l->scratch, output);
    return channels + 3 * w->output_depth;
}

void qmcu_transpose_conv_any_dsp(const qmcu_transpose_conv_any_dsp_params *params,
                                 const int8_t *input, const int32_t *weights, void *scratch,
                                 int8_t *output)
{
    const layer l = {params, scratch};
    qmcu_transpose_by_phases(&params->phases, input, weights, scratch, output, convolve, &l);
}
