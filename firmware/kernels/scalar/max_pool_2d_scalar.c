/* max_pool_2d for cores without the DSP extension: a channel's largest value stays in a register. */
#include "max_pool_2d_scalar.h"

#include "pool_scalar.h"

static void pixel(const qmcu_pool_params *p, const qmcu_pool_window *window, int8_t *output)
{
    const int32_t depth = p->depth, row_bytes = p->input_width * depth;
    const int32_t beside = window->columns * depth;
    const int32_t least = p->activation_minimum, most = p->activation_maximum;
    for (int32_t channel = 0; channel < depth; ++channel) {
        const int8_t *row = window->first + channel;
        int32_t largest = least;
        for (int32_t rows = window->rows; rows > 0; --rows) {
            const int8_t *const end = row + beside;
            for (const int8_t *from = row; from != end; from += depth) {
                largest = *from > largest ? *from : largest;
            }
            row += row_bytes;
        }
        output[channel] = (int8_t)(largest < most ? largest : most);
    }
}

void qmcu_max_pool_2d_scalar(const qmcu_max_pool_2d_scalar_params *params, const int8_t *input,
                             int8_t *output)
{
    qmcu_walk_pool(params, input, output, pixel);
}
