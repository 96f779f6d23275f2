/* Convolution for MVE by laying out four windows at a time, wherever they are. */
#include "conv_2d_mve_columns.h"

#include "mve.h"

static void lay_out_row(const qmcu_conv_2d_mve_params *p, const int8_t *from, int32_t x,
                        int8_t *column)
{
    const int32_t depth = p->input_depth;

    if (p->dilation_width == 1 && x >= 0 && x + p->kernel_width <= p->input_width) {
        qmcu_mve_copy(column, from + x * depth, p->kernel_width * depth);
        return;
    }
    for (int32_t j = 0; j < p->kernel_width; j++, x += p->dilation_width, column += depth) {
        if (x < 0 || x >= p->input_width) {
            qmcu_mve_fill(column, p->input_zero_point, depth);
        } else {
            qmcu_mve_copy(column, from + x * depth, depth);
        }
    }
}

static void lay_out(const qmcu_conv_2d_mve_params *p, const int8_t *image, int32_t y, int32_t x,
                    int8_t *column)
{
    const int32_t pitch = p->input_width * p->input_depth;
    const int32_t row = p->kernel_width * p->input_depth;

    for (int32_t i = 0; i < p->kernel_height; i++, y += p->dilation_height, column += row) {
        if (y < 0 || y >= p->input_height) {
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
    int32_t left = p->batches * p->output_height * p->output_width;
    int32_t x = 0;
    int32_t y = 0;
    qmcu_mve_tile tile;

    qmcu_mve_begin(&tile, &p->multiply, by);
    for (; left > 0; left -= 4) {
        const int32_t pixels = left < 4 ? left : 4;
        int8_t *column = scratch;
        for (int32_t i = 0; i < pixels; i++, column += pitch) {
            lay_out(p, input, y * p->stride_height - p->padding_top,
                    x * p->stride_width - p->padding_left, column);
            if (++x == p->output_width) {
                x = 0;
                if (++y == p->output_height) {
                    y = 0;
                    input += p->input_height * p->input_width * p->input_depth;
                }
            }
        }
        qmcu_multiply_mve(&tile, &p->multiply, weights, scratch, pitch, pixels, output);
        output += pixels * p->output_depth;
    }
}

void qmcu_conv_2d_mve_columns(const qmcu_conv_2d_mve_columns_params *params, const int8_t *input,
                              const int32_t *weights, void *scratch, int8_t *output)
{
    qmcu_conv_2d_mve_columns_by(params, input, weights, scratch, output, &qmcu_mve_int8);
}
