/* Convolution by windows one column wide, four below each other at a time, times all filters. A column of
   the image is gathered with its padding, so that a window is one run of bytes. */
#include "small.h"

#include "conv_2d_column_four_dsp.h"

#include "copy_dsp.h"
#include "four_pixels_dsp.h"

/* The column that begins at `image`, with its padding. */
static void gather(const qmcu_conv_2d_column_four_dsp_params *p, const int8_t *image,
                   int8_t *column)
{
    const int32_t row = p->input_width * p->input_depth, depth = p->input_depth;
    const int32_t room = p->column_bytes / depth - p->padding_top;
    const int32_t rows = room < p->input_height ? room : p->input_height;
    qmcu_fill_bytes(column, p->input_zero_point, p->column_bytes);
    int8_t *to = column + p->padding_top * depth;
    for (int32_t y = 0; y < rows; ++y) {
        for (int32_t k = 0; k < depth; ++k) {
            *to++ = image[k];
        }
        image += row;
    }
}

/* Multiplies what is laid out: `pixels` windows, one column of the output below each other. */
static void multiply(qmcu_four_pixels *f, int32_t pixels, int32_t below)
{
    for (int32_t i = 0; i < 3; ++i) {
        f->run.offsets[i] = i + 1 < pixels ? (i + 1) * below : 0;
    }
    (pixels == 1 ? f->multiplier.one : f->multiplier.four)(&f->run, f->filters);
    f->run.output += pixels * below;
}

/* All windows of a column; of fewer than four the last is laid out again, and written first. */
static void windows(qmcu_four_pixels *f, const int8_t *column, int32_t count, int32_t below)
{
    for (; count >= 4; count -= 4) {
        qmcu_columns_four_dsp(f->columns, column, f->step, &f->window);
        column += 4 * f->step;
        multiply(f, 4, below);
    }
    if (count > 0) {
        const int32_t laid_out = count == 1 ? 2 : 4;
        for (int32_t i = 0; i < laid_out; ++i) {
            const int32_t place = i < count ? i : count - 1;
            qmcu_column_of_four_dsp(f->columns, column + place * f->step, i, &f->window);
        }
        multiply(f, count, below);
    }
}

void qmcu_conv_2d_column_four_dsp(const qmcu_conv_2d_column_four_dsp_params *params,
                                  const int8_t *input, const int32_t *filters, void *scratch,
                                  int8_t *output)
{
    const qmcu_conv_2d_column_four_dsp_params *const p = params;
    uint32_t *const columns = scratch;
    int8_t *const column = (int8_t *)(columns + 6 * p->words);
    const int32_t below = p->output_width * p->output_depth;
    qmcu_four_pixels f = {.multiplier = {qmcu_multiply_four_dsp, qmcu_multiply_one_dsp},
                          .filters = filters,
                          .window = {1, p->words, 0},
                          .columns = columns,
                          .depth = p->output_depth,
                          .step = p->stride_height * p->input_depth};
    qmcu_four_begin(&f, output);
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t x = 0; x < p->output_width; ++x) {
            gather(p, input + x * p->stride_width * p->input_depth, column);
            f.run.output = output + x * p->output_depth;
            windows(&f, column, p->output_height, below);
        }
        input += p->input_height * p->input_width * p->input_depth;
        output += p->output_height * below;
    }
}
