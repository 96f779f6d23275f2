/* Transposed convolution by phases (transpose_phases.h), by packed windows. */
#include "transpose_conv_parts_scalar.h"

#include "conv_2d_parts_scalar.h"
#include "transpose_phases_code.h"

typedef struct {
    const qmcu_transpose_conv_parts_scalar_params *params;
    const int32_t *multipliers;
    const int8_t *shifts;
    void *scratch;
} layer;

static const void *convolve(const void *of, const qmcu_window *w, const int8_t *input,
                            const void *weights, int8_t *output)
{
    const layer *const l = of;
    const qmcu_transpose_conv_parts_scalar_params *const p = l->params;
    const qmcu_conv_2d_parts_scalar_params params = {
        .window = *w,
        .input_zero_point = p->phases.input_zero_point,
        .output_zero_point = p->output_zero_point,
        .activation_minimum = p->activation_minimum,
        .activation_maximum = p->activation_maximum,
        .requantization_step = p->requantization_step,
        .part = p->part,
        .backward = 0,
    };
    const int32_t bytes = w->output_depth * w->kernel_height * w->kernel_width * w->input_depth;
    const int32_t *const bias = weights;
    const int8_t *const filters = (const int8_t *)(bias + w->output_depth);
    qmcu_conv_2d_parts_scalar(&params, input, filters, bias, l->multipliers, l->shifts, l->scratch,
                              output);
    return filters + (bytes + 4) / 4 * 4;
}

void qmcu_transpose_conv_parts_scalar(const qmcu_transpose_conv_parts_scalar_params *params,
                                      const int8_t *input, const int32_t *weights,
                                      const int32_t *multipliers, const int8_t *shifts,
                                      void *scratch, int8_t *output)
{
    const layer l = {params, multipliers, shifts, scratch};
    qmcu_transpose_by_phases(&params->phases, input, weights, scratch, output, convolve, &l);
}
