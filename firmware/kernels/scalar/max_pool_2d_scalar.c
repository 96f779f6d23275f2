/* max_pool_2d for cores without the DSP extension: four channels in a word, each word's largest bytes
   in a register. */
#include "max_pool_2d_scalar.h"

#include "pool_scalar.h"

/* The larger one of each signed byte: x - y of seven bits, with a bit above that lends, decides where
   signs are equal. */
static inline uint32_t larger(uint32_t x, uint32_t y)
{
    const uint32_t differ = x ^ y;
    const uint32_t not_below = (((x | QMCU_SIGNS) - (y & ~QMCU_SIGNS)) & ~differ) | (y & ~x);
    const uint32_t ones = (not_below & QMCU_SIGNS) >> 7;
    return y ^ (differ & ((ones << 8) - ones));
}

static inline uint32_t four_of(int32_t byte)
{
    return ((uint32_t)byte & 0xFFu) * 0x01010101u;
}

/* The words of a pixel; answers how many channels that were. */
static int32_t words(const qmcu_pool_params *p, const qmcu_pool_window *window, int8_t *output)
{
    const int32_t depth = p->depth, count = depth & ~3;
    const int32_t back = p->input_width * depth - window->columns * depth;
    const uint32_t least = four_of(p->activation_minimum);
    const uint32_t most = four_of(p->activation_maximum);
    for (int32_t channel = 0; channel < count; channel += 4) {
        const int8_t *from = window->first + channel;
        uint32_t largest = ((const qmcu_word *)(const void *)from)->value;
        int32_t rows = window->rows, columns = window->columns;
        for (;;) {
            from += depth;
            if (--columns == 0) {
                if (--rows == 0) {
                    break;
                }
                columns = window->columns;
                from += back;
            }
            largest = larger(((const qmcu_word *)(const void *)from)->value, largest);
        }
        if (QMCU_USES_POOL_LIMITS && least != QMCU_SIGNS) {
            largest = larger(largest, least);
        }
        if (QMCU_USES_POOL_LIMITS && most != ~QMCU_SIGNS) {
            largest = ~larger(~largest, ~most);
        }
        ((qmcu_word *)(void *)(output + channel))->value = largest;
    }
    return count;
}

static void pixel(const qmcu_pool_params *p, const qmcu_pool_window *window, int8_t *output)
{
    const int32_t depth = p->depth, row_bytes = p->input_width * depth;
    const int32_t beside = window->columns * depth;
    const int32_t least = p->activation_minimum, most = p->activation_maximum;
    int32_t channel = 0;
    if (QMCU_USES_POOL_WORDS &&
        (!QMCU_USES_POOL_BYTES ||
         (window->rows * window->columns > 0 &&
          (((uintptr_t)window->first | (uintptr_t)output | (uintptr_t)depth) & QMCU_WHOLE) == 0))) {
        channel = words(p, window, output);
    }
    for (; QMCU_USES_POOL_BYTES && channel < depth; ++channel) {
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
