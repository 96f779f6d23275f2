/* Convolution by windows as columns of halfwords, four at a time, times all filters. A row of up to four
   neighbouring windows is one run of bytes: where it lies in the image, or, at the border, a copy with
   its padding. */
#include "small.h"

#include "conv_2d_windows_four_dsp.h"

#include "copy_dsp.h"
#include "four_pixels_dsp.h"

typedef struct {
    const qmcu_conv_2d_windows_four_dsp_params *params;
    const int8_t *image;
    int8_t *copy;
    qmcu_four_pixels four;
} layer;

/* Row `y` of the image as `count` windows from column `x` of outputs on see it. */
static const int8_t *row_of(const layer *l, int32_t y, int32_t x, int32_t count)
{
    const qmcu_conv_2d_windows_four_dsp_params *const p = l->params;
    const int32_t first = x * p->stride_width - p->padding_left;
    const int32_t end = first + (count - 1) * p->stride_width + p->kernel_width;
    const int32_t from = first < 0 ? 0 : first, to = end < p->input_width ? end : p->input_width;
    const int8_t *const row = l->image + y * p->input_width * p->input_depth;
    const int32_t inside = y >= 0 && y < p->input_height && from < to;
    if (inside && from == first && to == end) {
        return row + first * p->input_depth;
    }
    qmcu_fill_bytes(l->copy, p->input_zero_point, (end - first) * p->input_depth);
    if (inside) {
        qmcu_copy_bytes(l->copy + (from - first) * p->input_depth, row + from * p->input_depth,
                        (to - from) * p->input_depth);
    }
    return l->copy;
}

/* `count` windows of an output row from `x` on, as columns from `column` on. */
static void lay_out(const layer *l, int32_t y, int32_t x, int32_t count, int32_t column)
{
    const qmcu_conv_2d_windows_four_dsp_params *const p = l->params;
    const qmcu_four_window row = {1, p->words, 0};
    const int32_t top = y * p->stride_height - p->padding_top, step = l->four.step;
    uint32_t *columns = l->four.columns;
    for (int32_t i = 0; i < p->kernel_height; ++i) {
        const int8_t *from = row_of(l, top + i, x, count);
        if (count == 4) {
            qmcu_columns_four_dsp(columns, from, step, &row);
        } else {
            for (int32_t k = column; k < column + count; ++k) {
                qmcu_column_of_four_dsp(columns, from, k, &row);
                from += step;
            }
        }
        columns += 6 * p->words;
    }
}

static void multiply(qmcu_four_pixels *f, qmcu_multiply_four *by, int32_t pixels)
{
    for (int32_t i = 0; i < 3; ++i) {
        f->run.offsets[i] = i + 1 < pixels ? (i + 1) * f->depth : 0;
    }
    by(&f->run, f->filters);
    f->run.output += pixels * f->depth;
    f->pending = 0;
}

/* All windows of an image. */
static void image(layer *l)
{
    const qmcu_conv_2d_windows_four_dsp_params *const p = l->params;
    qmcu_four_pixels *const f = &l->four;
    for (int32_t y = 0; y < p->output_height; ++y) {
        for (int32_t x = 0; x < p->output_width;) {
            const int32_t room = 4 - f->pending, left = p->output_width - x;
            const int32_t count = left < room ? left : room;
            lay_out(l, y, x, count, f->pending);
            x += count;
            f->pending += count;
            if (f->pending == 4) {
                multiply(f, f->multiplier.four, 4);
            }
        }
    }
}

/* The last window fills up the four, or stands beside itself; column 0 is written after it. */
static void rest(layer *l)
{
    qmcu_four_pixels *const f = &l->four;
    const int32_t pixels = f->pending, full = pixels == 1 ? 2 : 4;
    if (pixels == 0) {
        return;
    }
    for (int32_t k = pixels; k < full; ++k) {
        lay_out(l, l->params->output_height - 1, l->params->output_width - 1, 1, k);
    }
    multiply(f, pixels == 1 ? f->multiplier.one : f->multiplier.four, pixels);
}

void qmcu_conv_2d_windows_four_dsp(const qmcu_conv_2d_windows_four_dsp_params *params,
                                   const int8_t *input, const int32_t *filters, void *scratch,
                                   int8_t *output)
{
    const qmcu_conv_2d_windows_four_dsp_params *const p = params;
    uint32_t *const columns = scratch;
    layer l = {.params = p,
               .image = input,
               .copy = (int8_t *)(columns + 6 * p->kernel_height * p->words),
               .four = {.multiplier = {qmcu_multiply_four_dsp, qmcu_multiply_one_dsp},
                        .filters = filters,
                        .window = {p->kernel_height, p->words, 0},
                        .columns = columns,
                        .depth = p->output_depth,
                        .step = p->stride_width * p->input_depth}};
    qmcu_four_begin(&l.four, output);
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        image(&l);
        rest(&l);
        l.image += p->input_height * p->input_width * p->input_depth;
    }
}
