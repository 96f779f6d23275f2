/* 1x1 convolution for MVE: a window is a pixel. Four are copied before their outputs are written. */
#include "conv_2d_mve_pointwise.h"

#include "mve.h"

void qmcu_conv_2d_mve_pointwise(const qmcu_conv_2d_mve_pointwise_params *params,
                                const int8_t *input, const int32_t *weights, void *scratch,
                                int8_t *output)
{
    const int32_t depth = params->input_depth;
    qmcu_mve_tile tile;

    qmcu_mve_begin(&tile, &params->multiply);
    for (int32_t left = params->pixels; left > 0; left -= 4) {
        const int32_t pixels = left < 4 ? left : 4;
        qmcu_mve_copy(scratch, input, pixels * depth);
        qmcu_multiply_mve(&tile, &params->multiply, weights, scratch, depth, pixels, output);
        input += 4 * depth;
        output += 4 * params->multiply.filters;
    }
}
