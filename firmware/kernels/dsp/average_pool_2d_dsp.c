/* average_pool_2d for the DSP extension: four channels in two words of halfword sums, which hold 255
   bytes of -128. */
#include "average_pool_2d_dsp.h"

#include "dsp.h"
#include "requantize.h"
#include "window.h"

static int8_t mean(const qmcu_average_pool_2d_dsp_params *p, uint32_t halfword, int32_t count)
{
    const int32_t sum = (int16_t)halfword;
    const int32_t rounded = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
    return qmcu_clamp_s8(rounded, p->activation_minimum, p->activation_maximum);
}

static void pool_four(const qmcu_average_pool_2d_dsp_params *p, const int8_t *image, int32_t rows,
                      int32_t columns, int8_t *output)
{
    uint32_t even = 0;
    uint32_t odd = 0;
    const int32_t rest = (p->input_width - columns) * p->depth;
    for (int32_t row = 0; row < rows; ++row) {
        for (int32_t column = 0; column < columns; ++column) {
            const uint32_t word = qmcu_load_word(image);
            even = qmcu_sxtab16(even, word);
            odd = qmcu_sxtab16_odd(odd, word);
            image += p->depth;
        }
        image += rest;
    }
    output[0] = mean(p, even, rows * columns);
    output[1] = mean(p, odd, rows * columns);
    output[2] = mean(p, even >> 16, rows * columns);
    output[3] = mean(p, odd >> 16, rows * columns);
}

void qmcu_average_pool_2d_dsp(const qmcu_average_pool_2d_dsp_params *params, const int8_t *input,
                              int8_t *output)
{
    const qmcu_average_pool_2d_dsp_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t row = 0; row < p->output_height; ++row) {
            const int32_t y = row * p->stride_height - p->padding_top;
            const qmcu_taps rows = qmcu_taps_inside(y, 1, p->kernel_height, p->input_height);
            for (int32_t column = 0; column < p->output_width; ++column) {
                const int32_t x = column * p->stride_width - p->padding_left;
                const qmcu_taps columns = qmcu_taps_inside(x, 1, p->kernel_width, p->input_width);
                const int8_t *image =
                    input + ((y + rows.first) * p->input_width + x + columns.first) * p->depth;
                for (int32_t channel = 0; channel < p->depth; channel += 4) {
                    pool_four(p, image + channel, qmcu_taps_count(rows), qmcu_taps_count(columns),
                              output);
                    output += 4;
                }
            }
        }
        input += p->input_height * p->input_width * p->depth;
    }
}
