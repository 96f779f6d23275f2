/* average_pool_2d for cores without the DSP extension, four channels in two words of halfword sums of
   bytes + 128. With M = 2^23 / count + 1, sum * M keeps to 31 bits and is 2^23 times the mean, up to |sum|
   further from 0: a tie goes away from zero, and all else is 2^23 / (2 * count) from one at least, which
   is more, up to 181 pixels. The 128s are taken off mod 2^32.

   A sum alone: n = |sum| + count / 2 is below 129 * count, and n * M >> 23 is the quotient where
   n * (M * count - 2^23), at most 129 * count^2, is below 2^23: up to 254 pixels. */
#include "small.h"

#include "average_pool_2d_scalar.h"

#include "pool_scalar.h"

#define LARGEST 254
#define LARGEST_OF_WORDS 181
#define BYTES 0x00FF00FFu

static void words(const qmcu_pool_params *p, const qmcu_pool_window *window, uint32_t reciprocal,
                  int8_t *output)
{
    const int32_t depth = p->depth, last = depth - 4;
    const int32_t back = (p->input_width - window->columns) * depth;
    const uint32_t count = (uint32_t)(window->rows * window->columns);
    const uint32_t begin = (1u << 22) - 128u * count * reciprocal;
    for (int32_t channel = 0;; channel = channel + 4 < last ? channel + 4 : last) {
        const int8_t *from = window->first + channel;
        uint32_t even = 0, odd = 0;
        for (int32_t rows = window->rows; rows > 0; --rows) {
            for (int32_t columns = window->columns; columns > 0; --columns) {
                const uint32_t four = ((const qmcu_word *)(const void *)from)->value ^ QMCU_SIGNS;
                even += four & BYTES;
                odd += four >> 8 & BYTES;
                from += depth;
            }
            from += back;
        }
        output[channel] = (int8_t)((int32_t)((uint16_t)even * reciprocal + begin) >> 23);
        output[channel + 1] = (int8_t)((int32_t)((uint16_t)odd * reciprocal + begin) >> 23);
        output[channel + 2] = (int8_t)((int32_t)((even >> 16) * reciprocal + begin) >> 23);
        output[channel + 3] = (int8_t)((int32_t)((odd >> 16) * reciprocal + begin) >> 23);
        if (channel == last) {
            return;
        }
    }
}

static void bytes(const qmcu_pool_params *p, const qmcu_pool_window *window, uint32_t reciprocal,
                  int8_t *output)
{
    const int32_t depth = p->depth, row_bytes = p->input_width * depth;
    const int32_t beside = window->columns * depth;
    const uint32_t count = (uint32_t)(window->rows * window->columns);
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
        output[channel] = (int8_t)(sum < 0 ? -size : size);
    }
}

static void pixel(const qmcu_pool_params *p, const qmcu_pool_window *window, int8_t *output)
{
    const uint32_t count = (uint32_t)(window->rows * window->columns);
    const uint32_t reciprocal = (1u << 23) / count + 1u;
    const uintptr_t places = (uintptr_t)window->first | (uintptr_t)p->depth;
    if (count <= LARGEST_OF_WORDS && p->depth >= 4 && (places & QMCU_WHOLE) == 0) {
        words(p, window, reciprocal, output);
    } else {
        bytes(p, window, reciprocal, output);
    }
    if (p->activation_minimum > INT8_MIN || p->activation_maximum < INT8_MAX) {
        for (int32_t channel = 0; channel < p->depth; ++channel) {
            int32_t mean = output[channel];
            mean = mean < p->activation_minimum ? p->activation_minimum : mean;
            output[channel] = (int8_t)(mean > p->activation_maximum ? p->activation_maximum : mean);
        }
    }
}

void qmcu_average_pool_2d_scalar(const qmcu_average_pool_2d_scalar_params *params,
                                 const int8_t *input, int8_t *output)
{
    qmcu_walk_pool(params, input, output, pixel);
}
