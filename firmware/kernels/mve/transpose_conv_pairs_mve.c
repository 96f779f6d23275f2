/* Transposed convolution by phases (transpose_phases.h), four windows and two filters at a time. */
#include "transpose_conv_pairs_mve.h"

#include "conv_2d_mve_columns.h"
#include "transpose_phases_code.h"

typedef struct {
    const qmcu_transpose_conv_pairs_mve_params *params;
    void *scratch;
} layer;

static const void *convolve(const void *of, const qmcu_window *w, const int8_t *input,
                            const void *weights, int8_t *output)
{
    const layer *const l = of;
    const int32_t steps = (w->kernel_height * w->kernel_width * w->input_depth + 15) / 16;
    const int32_t *const filters = weights;
    qmcu_conv_2d_mve_columns_params params = {
        .window = *w,
        .input_zero_point = l->params->phases.input_zero_point,
        .multiply = l->params->multiply,
    };
    params.multiply.steps = steps;
    qmcu_conv_2d_mve_columns(&params, input, filters, l->scratch, output);
    return filters + (w->output_depth + 1) / 2 * (8 * steps + 6);
}

void qmcu_transpose_conv_pairs_mve(const qmcu_transpose_conv_pairs_mve_params *params,
                                   const int8_t *input, const int32_t *weights, void *scratch,
                                   int8_t *output)
{
    const layer l = {params, scratch};
    qmcu_transpose_by_phases(&params->phases, input, weights, scratch, output, convolve, &l);
}
