/* max_pool_2d for the DSP extension, four channels at once. The last four channels may be some of
   the four before: a maximum may be taken twice. Fewer than four go one by one. */
#include "max_pool_2d_dsp.h"

#include "dsp.h"
#include "window.h"

typedef struct {
    int32_t depth;
    int32_t row_bytes;
    uint32_t low, high; /* the limits, four times each */
    int32_t rows, columns;
} pooling;

static void pool_four(const pooling *p, const int8_t *image, int8_t *output)
{
    uint32_t largest = p->low;
    for (int32_t row = p->rows; row > 0; --row) {
        const int8_t *from = image;
        for (int32_t column = p->columns; column > 0; --column) {
            largest = qmcu_maximum_s8x4(largest, qmcu_load_word(from));
            from += p->depth;
        }
        image += p->row_bytes;
    }
    qmcu_store_word(output, qmcu_minimum_s8x4(largest, p->high));
}

static int8_t pool_one(const pooling *p, const int8_t *image)
{
    int32_t largest = (int8_t)p->low;
    for (int32_t row = p->rows; row > 0; --row) {
        for (int32_t column = 0; column < p->columns; ++column) {
            const int32_t value = image[column * p->depth];
            largest = value > largest ? value : largest;
        }
        image += p->row_bytes;
    }
    return (int8_t)(largest < (int8_t)p->high ? largest : (int8_t)p->high);
}

static void pool(const pooling *p, const int8_t *image, int8_t *output)
{
    int32_t channel = 0;
    for (; channel + 4 <= p->depth; channel += 4) {
        pool_four(p, image + channel, output + channel);
    }
    if (channel && channel < p->depth) {
        pool_four(p, image + p->depth - 4, output + p->depth - 4);
        return;
    }
    for (; channel < p->depth; ++channel) {
        output[channel] = pool_one(p, image + channel);
    }
}

void qmcu_max_pool_2d_dsp(const qmcu_max_pool_2d_dsp_params *params, const int8_t *input,
                          int8_t *output)
{
    const qmcu_max_pool_2d_dsp_params *const p = params;
    pooling now = {p->depth,
                   p->input_width * p->depth,
                   (uint32_t)(uint8_t)p->activation_minimum * 0x01010101u,
                   (uint32_t)(uint8_t)p->activation_maximum * 0x01010101u,
                   0,
                   0};
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t row = 0; row < p->output_height; ++row) {
            const int32_t y = row * p->stride_height - p->padding_top;
            const qmcu_taps rows = qmcu_taps_inside(y, 1, p->kernel_height, p->input_height);
            now.rows = qmcu_taps_count(rows);
            for (int32_t column = 0; column < p->output_width; ++column) {
                const int32_t x = column * p->stride_width - p->padding_left;
                const qmcu_taps columns = qmcu_taps_inside(x, 1, p->kernel_width, p->input_width);
                now.columns = qmcu_taps_count(columns);
                pool(&now,
                     input + ((y + rows.first) * p->input_width + x + columns.first) * p->depth,
                     output);
                output += p->depth;
            }
        }
        input += p->input_height * p->input_width * p->depth;
    }
}
