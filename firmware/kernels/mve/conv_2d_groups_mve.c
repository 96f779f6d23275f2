/* Convolution of groups of channels for MVE: as conv_2d_mve_columns, group after group. */
#include "conv_2d_groups_mve.h"

#include "mve.h"

/* So many taps of up to 16 channels; up to 15 bytes behind them change. In assembly, for the compiler moves
   predicates to and fro. */
static inline void copy_taps(int8_t *column, const int8_t *from, int32_t depth, int32_t step,
                             int32_t taps)
{
    __asm volatile("vctp.8 %[depth]\n\t"
                   "wls lr, %[taps], 2f\n"
                   "1: vpst\n\t"
                   "vldrbt.u8 q0, [%[from]]\n\t"
                   "vstrb.8 q0, [%[column]]\n\t"
                   "add %[from], %[from], %[step]\n\t"
                   "add %[column], %[column], %[depth]\n\t"
                   "le lr, 1b\n"
                   "2:"
                   : [column] "+r"(column), [from] "+r"(from)
                   : [depth] "r"(depth), [step] "r"(step), [taps] "r"(taps)
                   : "q0", "lr", "memory");
}

/* A row of taps, those of `inside` in the image. */
static void lay_out_row(const qmcu_conv_2d_groups_mve_params *params, int32_t depth,
                        const int8_t *from, qmcu_taps inside, int8_t *column)
{
    const qmcu_window *const w = &params->shape.window;
    const int32_t step = w->dilation_width * w->input_depth;
    int8_t *const last = column + inside.end * depth;

    if (inside.first > 0) {
        qmcu_mve_fill(column, params->shape.input_zero_point, inside.first * depth);
    }
    from += inside.first * step;
    column += inside.first * depth;
    if (depth <= 16) {
        copy_taps(column, from, depth, step, inside.end - inside.first);
    } else {
        for (; column != last; column += depth, from += step) {
            qmcu_mve_copy(column, from, depth);
        }
    }
    if (inside.end < w->kernel_width) {
        qmcu_mve_fill(last, params->shape.input_zero_point, (w->kernel_width - inside.end) * depth);
    }
}

static void lay_out(const qmcu_conv_2d_groups_mve_params *params, int32_t depth,
                    const int8_t *image, int32_t y, int32_t x, int8_t *column)
{
    const qmcu_window *const w = &params->shape.window;
    const int32_t run = w->kernel_width * depth;
    const qmcu_taps inside =
        qmcu_taps_inside(x, w->dilation_width, w->kernel_width, w->input_width);

    for (int32_t i = w->kernel_height; i > 0; i--, y += w->dilation_height, column += run) {
        if (y < 0 || y >= w->input_height || inside.first >= inside.end) {
            qmcu_mve_fill(column, params->shape.input_zero_point, run);
        } else {
            lay_out_row(params, depth, image + (y * w->input_width + x) * w->input_depth, inside,
                        column);
        }
    }
}

static void convolve(const qmcu_conv_2d_groups_mve_params *params, qmcu_mve_tile *tile,
                     const qmcu_multiply_mve_params *multiply, const int8_t *input,
                     const int32_t *weights, int8_t *columns, int8_t *output)
{
    const qmcu_window *const w = &params->shape.window;
    const int32_t depth = w->input_depth / params->groups;
    const int32_t pitch = w->kernel_height * w->kernel_width * depth, filters = multiply->filters;
    int8_t *const results = columns + 4 * pitch;
    int32_t x = 0;
    int32_t y = 0;

    for (int32_t left = w->batches * w->output_height * w->output_width; left > 0; left -= 4) {
        const int32_t pixels = left < 4 ? left : 4;
        int8_t *column = columns;
        for (int32_t i = 0; i < pixels; i++, column += pitch) {
            lay_out(params, depth, input, y * w->stride_height - w->padding_top,
                    x * w->stride_width - w->padding_left, column);
            if (++x == w->output_width) {
                x = 0;
                if (++y == w->output_height) {
                    y = 0;
                    input += w->input_height * w->input_width * w->input_depth;
                }
            }
        }
        qmcu_multiply_mve(tile, multiply, weights, columns, pitch, pixels, results);
        for (int32_t i = 0; i < pixels; i++, output += w->output_depth) {
            qmcu_mve_copy(output, results + i * filters, filters);
        }
    }
}

void qmcu_conv_2d_groups_mve(const qmcu_conv_2d_groups_mve_params *params, const int8_t *input,
                             const int32_t *weights, void *scratch, int8_t *output)
{
    const qmcu_window *const w = &params->shape.window;
    const int32_t depth = w->input_depth / params->groups;
    const int32_t filters = w->output_depth / params->groups;
    const int32_t values = w->kernel_height * w->kernel_width * depth;
    const qmcu_multiply_mve_params multiply =
        qmcu_multiply_any_mve(&params->shape.outputs, filters, values);
    qmcu_mve_tile tile;

    qmcu_mve_begin(&tile, &multiply, &qmcu_mve_int8_any);
    tile.pairs.behind = 12 * w->output_depth;
    for (int32_t group = 0; group < params->groups; group++) {
        convolve(params, &tile, &multiply, input, weights, scratch, output);
        input += depth;
        output += filters;
        weights += 3 * filters;
        tile.pairs.behind += filters * (values - 12);
    }
}
