#ifndef QMCU_CONV_2D_ANY_MVE_H
#define QMCU_CONV_2D_ANY_MVE_H

#include "conv_2d_mve.h"
#include "multiply_any_mve.h"

typedef struct {
    qmcu_window window;
    int32_t input_zero_point;
    qmcu_any_mve_outputs outputs;
} qmcu_conv_2d_any_mve_params;

static inline qmcu_conv_2d_mve_params
qmcu_conv_2d_any_mve_whole(const qmcu_conv_2d_any_mve_params *params)
{
    const qmcu_window *const w = &params->window;
    const qmcu_conv_2d_mve_params result = {
        .window = *w,
        .input_zero_point = params->input_zero_point,
        .multiply = qmcu_multiply_any_mve(&params->outputs, w->output_depth,
                                          w->kernel_height * w->kernel_width * w->input_depth)};
    return result;
}

/* As qmcu_conv_2d_mve, of filters that are not filled up; weights: as multiply_any_mve.h has them. */
void qmcu_conv_2d_any_mve(const qmcu_conv_2d_any_mve_params *params, const int8_t *input,
                          const int32_t *weights, void *scratch, int8_t *output);

#endif
