/* 1x1 convolution for MVE: a window is a pixel. Four are copied before their outputs are written, which
   may go over them, but where all filters are multiplied by one reading of whole vectors. */
#include "conv_2d_mve_pointwise.h"

#include "mve.h"
#include "uses_mve.h"

void qmcu_conv_2d_mve_pointwise_by(const qmcu_conv_2d_mve_pointwise_params *params,
                                   const int8_t *input, const int32_t *weights, void *scratch,
                                   int8_t *output, const qmcu_mve_multiplier *by)
{
    const int32_t depth = params->input_depth;
    const int32_t filters = params->multiply.filters;
    int32_t pixels = params->pixels;
    qmcu_mve_tile tile;

    qmcu_mve_begin(&tile, &params->multiply, by);
    const int32_t at_once = filters <= by->at_once && depth == 16 * params->multiply.steps;
    if (QMCU_USES_PIXELS_AT_ONCE && at_once) {
        const int32_t whole = pixels & ~3;
        if (whole > 0) {
            qmcu_multiply_mve(&tile, &params->multiply, weights, input, depth, whole, output);
        }
        input += whole * depth;
        output += whole * filters;
        pixels -= whole;
    }
    for (int32_t done = 0; done < pixels; done += 4) {
        const int32_t backward = QMCU_USES_PIXELS_BACKWARD && params->backward;
        const int32_t first = backward ? (pixels - 1 - done) & ~3 : done;
        const int32_t count = pixels - first < 4 ? pixels - first : 4;
        qmcu_mve_copy(scratch, input + first * depth, count * depth);
        qmcu_multiply_mve(&tile, &params->multiply, weights, scratch, depth, count,
                          output + first * filters);
    }
}

void qmcu_conv_2d_mve_pointwise(const qmcu_conv_2d_mve_pointwise_params *params,
                                const int8_t *input, const int32_t *weights, void *scratch,
                                int8_t *output)
{
    qmcu_conv_2d_mve_pointwise_by(params, input, weights, scratch, output, &qmcu_mve_int8);
}
