/* The average over the part of the window that lies inside the image. */
#include "average_pool_2d.h"

#include "average.h"
#include "window.h"

static int8_t pool(const qmcu_average_pool_2d_params *p, const int8_t *image, int32_t rows,
                   int32_t columns)
{
    const int32_t count = rows * columns;
    int32_t sum = 0;
    for (int32_t row = 0; row < rows; ++row) {
        for (int32_t column = 0; column < columns; ++column) {
            sum += image[(row * p->input_width + column) * p->depth];
        }
    }
    return qmcu_average_s8(sum, count, p->activation_minimum, p->activation_maximum);
}

void qmcu_average_pool_2d(const qmcu_average_pool_2d_params *params, const int8_t *input,
                          int8_t *output)
{
    const qmcu_average_pool_2d_params *const p = params;
    for (int32_t row = 0; row < p->batches * p->output_height; ++row) {
        const int32_t batch = row / p->output_height;
        const int32_t y = row % p->output_height * p->stride_height - p->padding_top;
        const qmcu_taps rows = qmcu_taps_inside(y, 1, p->kernel_height, p->input_height);
        const int32_t first_y = batch * p->input_height + y + rows.first;
        for (int32_t column = 0; column < p->output_width; ++column) {
            const int32_t x = column * p->stride_width - p->padding_left;
            const qmcu_taps columns = qmcu_taps_inside(x, 1, p->kernel_width, p->input_width);
            const int32_t first = (first_y * p->input_width + x + columns.first) * p->depth;
            for (int32_t channel = 0; channel < p->depth; ++channel) {
                *output++ = pool(p, input + first + channel, qmcu_taps_count(rows),
                                 qmcu_taps_count(columns));
            }
        }
    }
}
