/* Convolution for MVE by laying out four windows at a time, wherever they are. */
#include "conv_2d_mve_columns.h"

#include "mve.h"

static void lay_out_row(const qmcu_conv_2d_mve_params *p, const int8_t *from, int32_t x,
                        int8_t *column)
{
    const int32_t depth = p->window.input_depth;

    if (p->window.dilation_width == 1 && x >= 0 &&
        x + p->window.kernel_width <= p->window.input_width) {
        qmcu_mve_copy(column, from + x * depth, p->window.kernel_width * depth);
        return;
    }
    for (int32_t j = 0; j < p->window.kernel_width;
         j++, x += p->window.dilation_width, column += depth) {
        if (x < 0 || x >= p->window.input_width) {
            qmcu_mve_fill(column, p->input_zero_point, depth);
        } else {
            qmcu_mve_copy(column, from + x * depth, depth);
        }
    }
}

static void lay_out(const qmcu_conv_2d_mve_params *p, const int8_t *image, int32_t y, int32_t x,
                    int8_t *column)
{
    const int32_t pitch = p->window.input_width * p->window.input_depth;
    const int32_t row = p->window.kernel_width * p->window.input_depth;

    for (int32_t i = 0; i < p->window.kernel_height;
         i++, y += p->window.dilation_height, column += row) {
        if (y < 0 || y >= p->window.input_height) {
            qmcu_mve_fill(column, p->input_zero_point, row);
        } else {
            lay_out_row(p, image + y * pitch, x, column);
        }
    }
}

void qmcu_conv_2d_mve_columns_by(const qmcu_conv_2d_mve_columns_params *params, const int8_t *input,
                                 const int32_t *weights, void *scratch, int8_t *output,
                                 const qmcu_mve_multiplier *by)
{
    const qmcu_conv_2d_mve_params *p = params;
    const int32_t pitch = 16 * p->multiply.steps;
    int32_t left = p->window.batches * p->window.output_height * p->window.output_width;
    int32_t x = 0;
    int32_t y = 0;
    qmcu_mve_tile tile;

    qmcu_mve_begin(&tile, &p->multiply, by);
    for (; left > 0; left -= 4) {
        const int32_t pixels = left < 4 ? left : 4;
        int8_t *column = scratch;
        for (int32_t i = 0; i < pixels; i++, column += pitch) {
            lay_out(p, input, y * p->window.stride_height - p->window.padding_top,
                    x * p->window.stride_width - p->window.padding_left, column);
            if (++x == p->window.output_width) {
                x = 0;
                if (++y == p->window.output_height) {
                    y = 0;
                    input += p->window.input_height * p->window.input_width * p->window.input_depth;
                }
            }
        }
        qmcu_multiply_mve(&tile, &p->multiply, weights, scratch, pitch, pixels, output);
        output += pixels * p->window.output_depth;
    }
}

void qmcu_conv_2d_mve_columns(const qmcu_conv_2d_mve_columns_params *params, const int8_t *input,
                              const int32_t *weights, void *scratch, int8_t *output)
{
    qmcu_conv_2d_mve_columns_by(params, input, weights, scratch, output, &qmcu_mve_int8);
}
