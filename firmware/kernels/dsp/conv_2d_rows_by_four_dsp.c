/* Convolution by windows as columns of halfwords, four at a time, times all filters. The input rows
   that a window spans are kept with their padding, so that there are no borders, and the output may
   go over the input. */
#include "conv_2d_rows_by_four_dsp.h"

#include "copy_dsp.h"
#include "four_pixels_dsp.h"

/* An input row with its padding. */
static void copy_row(const qmcu_conv_2d_rows_by_four_dsp_params *p, const int8_t *image, int32_t y,
                     int8_t *to)
{
    const int32_t left = p->padding_left * p->input_depth, width = p->input_width * p->input_depth;
    if (y < 0 || y >= p->input_height) {
        qmcu_fill_bytes(to, p->input_zero_point, p->row_bytes);
        return;
    }
    const int32_t count = width < p->row_bytes - left ? width : p->row_bytes - left;
    qmcu_fill_bytes(to, p->input_zero_point, left);
    qmcu_copy_bytes(to + left, image + y * width, count);
    qmcu_fill_bytes(to + left + count, p->input_zero_point, p->row_bytes - left - count);
}

void qmcu_conv_2d_rows_by_four_dsp(const qmcu_conv_2d_rows_by_four_dsp_params *p,
                                   const int8_t *input, const int32_t *filters, void *scratch,
                                   int8_t *output, qmcu_four_multiplier multiplier)
{
    const int32_t kept = (p->kernel_height - p->stride_height) * p->row_bytes;
    uint32_t *const columns = scratch;
    int8_t *const rows = (int8_t *)(columns + 6 * (p->kernel_height * p->words + p->last_words));
    qmcu_four_pixels f = {.multiplier = multiplier,
                          .filters = filters,
                          .window = {p->kernel_height, p->words, p->row_bytes - 4 * p->words},
                          .lasts = p->last_words ? qmcu_columns_lasts_dsp : 0,
                          .columns = columns,
                          .depth = p->output_depth,
                          .step = p->stride_width * p->input_depth};
    qmcu_four_begin(&f, output);
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        int32_t y = -p->padding_top;
        for (int32_t i = 0; i < p->kernel_height; ++i) {
            copy_row(p, input, y++, rows + i * p->row_bytes);
        }
        for (int32_t row = 0;;) {
            qmcu_four_row(&f, rows, p->output_width);
            if (++row == p->output_height) {
                break;
            }
            qmcu_copy_bytes(rows, rows + p->stride_height * p->row_bytes, kept);
            for (int32_t i = 0; i < p->stride_height; ++i) {
                copy_row(p, input, y++, rows + kept + i * p->row_bytes);
            }
        }
        input += p->input_height * p->input_width * p->input_depth;
    }
    qmcu_four_end(&f, rows + (p->output_width - 1) * f.step);
}
