/* Convolution of groups of channels for MVE: as conv_2d_mve_columns, group after group. */
#include "conv_2d_groups_mve.h"

#include "mve.h"

/* A row of taps; up to 15 bytes behind it change. */
static void lay_out_row(const qmcu_conv_2d_groups_mve_params *params, const int8_t *row, int32_t x,
                        int8_t *column)
{
    const qmcu_window *const w = &params->group.window;
    const int32_t depth = params->depth;
    const int8_t *from = row + x * w->input_depth;

    for (int32_t j = w->kernel_width; j > 0; j--, x += w->dilation_width, column += depth) {
        if (x < 0 || x >= w->input_width) {
            qmcu_mve_fill(column, params->group.input_zero_point, depth);
        } else if (depth <= 16) {
            vstrbq_s8(column, vldrbq_z_s8(from, vctp8q((uint32_t)depth)));
        } else {
            qmcu_mve_copy(column, from, depth);
        }
        from += w->dilation_width * w->input_depth;
    }
}

static void lay_out(const qmcu_conv_2d_groups_mve_params *params, const int8_t *image, int32_t y,
                    int32_t x, int8_t *column)
{
    const qmcu_window *const w = &params->group.window;
    const int32_t run = w->kernel_width * params->depth;

    for (int32_t i = w->kernel_height; i > 0; i--, y += w->dilation_height, column += run) {
        if (y < 0 || y >= w->input_height) {
            qmcu_mve_fill(column, params->group.input_zero_point, run);
        } else {
            lay_out_row(params, image + y * w->input_width * w->input_depth, x, column);
        }
    }
}

static void convolve(const qmcu_conv_2d_groups_mve_params *params, qmcu_mve_tile *tile,
                     const int8_t *input, const int32_t *weights, int8_t *columns, int8_t *output)
{
    const qmcu_conv_2d_mve_params *const p = &params->group;
    const qmcu_window *const w = &p->window;
    const int32_t pitch = 16 * p->multiply.steps, filters = p->multiply.filters;
    int8_t *const results = columns + 4 * pitch;
    int32_t x = 0;
    int32_t y = 0;

    for (int32_t left = w->batches * w->output_height * w->output_width; left > 0; left -= 4) {
        const int32_t pixels = left < 4 ? left : 4;
        int8_t *column = columns;
        for (int32_t i = 0; i < pixels; i++, column += pitch) {
            lay_out(params, input, y * w->stride_height - w->padding_top,
                    x * w->stride_width - w->padding_left, column);
            if (++x == w->output_width) {
                x = 0;
                if (++y == w->output_height) {
                    y = 0;
                    input += w->input_height * w->input_width * w->input_depth;
                }
            }
        }
        qmcu_multiply_mve(tile, &p->multiply, weights, columns, pitch, pixels, results);
        for (int32_t i = 0; i < pixels; i++, output += w->output_depth) {
            qmcu_mve_copy(output, results + i * filters, filters);
        }
    }
}

void qmcu_conv_2d_groups_mve(const qmcu_conv_2d_groups_mve_params *params, const int8_t *input,
                             const int32_t *weights, void *scratch, int8_t *output)
{
    qmcu_mve_tile tile;

    qmcu_mve_begin(&tile, &params->group.multiply, &qmcu_mve_int8);
    for (int32_t group = 0; group < params->groups; group++) {
        convolve(params, &tile, input, weights, scratch, output);
        input += params->depth;
        output += params->group.multiply.filters;
        weights += params->words;
    }
}
