/* average_pool_2d for cores without the DSP extension. n = |sum| + count / 2 is below 129 * count: times
   M = 2^23 / count + 1 it keeps to 31 bits, and >> 23 gives the quotient where n * (M * count - 2^23),
   at most 129 * count^2, is below 2^23: up to 254 pixels. */
#include "average_pool_2d_scalar.h"

#include "pool_scalar.h"

#define LARGEST 254

static void pixel(const qmcu_pool_params *p, const qmcu_pool_window *window, int8_t *output)
{
    const int32_t depth = p->depth, row_bytes = p->input_width * depth;
    const int32_t beside = window->columns * depth;
    const uint32_t count = (uint32_t)(window->rows * window->columns);
    const uint32_t reciprocal = (1u << 23) / count + 1u;
    for (int32_t channel = 0; channel < depth; ++channel) {
        const int8_t *row = window->first + channel;
        int32_t sum = 0;
        for (int32_t rows = window->rows; rows > 0; --rows) {
            const int8_t *const end = row + beside;
            for (const int8_t *from = row; from != end; from += depth) {
                sum += *from;
            }
            row += row_bytes;
        }
        const uint32_t n = (uint32_t)(sum < 0 ? -sum : sum) + count / 2;
        const int32_t size = (int32_t)(count <= LARGEST ? n * reciprocal >> 23 : n / count);
        int32_t mean = sum < 0 ? -size : size;
        mean = mean < p->activation_minimum ? p->activation_minimum : mean;
        output[channel] = (int8_t)(mean > p->activation_maximum ? p->activation_maximum : mean);
    }
}

void qmcu_average_pool_2d_scalar(const qmcu_average_pool_2d_scalar_params *params,
                                 const int8_t *input, int8_t *output)
{
    qmcu_walk_pool(params, input, output, pixel);
}
