/* Of int16: the largest value in the part of the window that lies inside the image, then clamped; four
   channels at a time. */
#include "regions.h"

#include "max_pool_2d_s16.h"

#include "pool_s16_code.h"

static inline int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* Of a window with pixels. */
static inline void four(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                        int32_t channel, int16_t *output)
{
    const int16_t *from = window->first + channel;
    int32_t a = from[0], b = from[1], c = from[2], d = from[3];
    int32_t rows = window->rows, columns = window->columns;
    for (;;) {
        from += p->depth;
        if (--columns == 0) {
            if (--rows == 0) {
                break;
            }
            columns = window->columns;
            from += window->back;
        }
        a = larger(a, from[0]);
        b = larger(b, from[1]);
        c = larger(c, from[2]);
        d = larger(d, from[3]);
    }
    output[channel] = (int16_t)a;
    output[channel + 1] = (int16_t)b;
    output[channel + 2] = (int16_t)c;
    output[channel + 3] = (int16_t)d;
}

static inline void pixel(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                         int16_t *output)
{
    const int32_t last = window->rows * window->columns > 0 ? p->depth - 4 : -1;
    for (int32_t channel = 0; channel <= last; channel = qmcu_next_four(channel, last)) {
        four(p, window, channel, output);
    }
    for (int32_t channel = 0; last < 0 && channel < p->depth; ++channel) {
        const int16_t *from = window->first + channel;
        int32_t largest = INT16_MIN;
        for (int32_t rows = window->rows; rows > 0; --rows) {
            for (int32_t columns = window->columns; columns > 0; --columns) {
                largest = larger(largest, *from);
                from += p->depth;
            }
            from += window->back;
        }
        output[channel] = (int16_t)largest;
    }
    qmcu_limit_s16(p, output);
}

void qmcu_max_pool_2d_s16(const qmcu_max_pool_2d_s16_params *params, const int16_t *input,
                          int16_t *output)
{
    qmcu_walk_pool_s16(params, input, output, pixel);
}
