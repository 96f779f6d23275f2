/* Pools of int16: their windows one after the other, and what becomes of a sum.

   The mean of n values is (sum * f + 2^29) >> 30 with f = 2^30 / n, rounded down, plus one: that is up
   to |sum| / 2^30 further from 0 than sum / n, so that a tie goes away from zero, and all else is
   1 / (2 n) from one at least, which is more, up to 127 values. */
#ifndef QMCU_POOL_S16_CODE_H
#define QMCU_POOL_S16_CODE_H

#include "pool.h"
#include "window.h"

#define QMCU_MOST_POOLED_S16 127

/* The part of a window that lies inside the image. */
typedef struct {
    const int16_t *first;
    int32_t rows;
    int32_t columns;
    int32_t back;   /* from behind a row to the next one */
    int32_t factor; /* of its mean */
} qmcu_pool_window_s16;

/* Computes the channels of one pixel. */
typedef void qmcu_pool_pixel_s16(const qmcu_pool_params *params, const qmcu_pool_window_s16 *window,
                                 int16_t *output);

static inline __attribute__((always_inline)) void qmcu_walk_pool_s16(const qmcu_pool_params *p,
                                                                     const int16_t *input,
                                                                     int16_t *output,
                                                                     qmcu_pool_pixel_s16 *pixel)
{
    qmcu_pool_window_s16 window = {0};
    int32_t count = 0;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t row = 0; row < p->output_height; ++row) {
            const int32_t y = row * p->stride_height - p->padding_top;
            const qmcu_taps rows = qmcu_taps_inside(y, 1, p->kernel_height, p->input_height);
            window.rows = qmcu_taps_count(rows);
            for (int32_t column = 0; column < p->output_width; ++column) {
                const int32_t x = column * p->stride_width - p->padding_left;
                const qmcu_taps columns = qmcu_taps_inside(x, 1, p->kernel_width, p->input_width);
                const int32_t at = (y + rows.first) * p->input_width + x + columns.first;
                window.first = input + at * p->depth;
                window.columns = qmcu_taps_count(columns);
                window.back = (p->input_width - window.columns) * p->depth;
                if (window.rows * window.columns != count) {
                    count = window.rows * window.columns;
                    window.factor = (1 << 30) / count + 1;
                }
                pixel(p, &window, output);
                output += p->depth;
            }
        }
        input += p->input_height * p->input_width * p->depth;
    }
}

/* The sum of one channel. */
static inline int32_t qmcu_pool_sum_s16(const qmcu_pool_params *p,
                                        const qmcu_pool_window_s16 *window, int32_t channel)
{
    const int16_t *from = window->first + channel;
    int32_t sum = 0;
    for (int32_t rows = window->rows; rows > 0; --rows) {
        for (int32_t columns = window->columns; columns > 0; --columns) {
            sum += *from;
            from += p->depth;
        }
        from += window->back;
    }
    return sum;
}

/* Where four channels begin that follow those from `channel` on: the last four, from `last` on, may be
   some of the four before. */
static inline int32_t qmcu_next_four(int32_t channel, int32_t last)
{
    return channel < last && channel + 4 > last ? last : channel + 4;
}

static inline void qmcu_limit_s16(const qmcu_pool_params *p, int16_t *output)
{
    if (p->activation_minimum == INT16_MIN && p->activation_maximum == INT16_MAX) {
        return;
    }
    for (int32_t channel = 0; channel < p->depth; ++channel) {
        int32_t value = output[channel];
        value = value < p->activation_minimum ? p->activation_minimum : value;
        output[channel] = (int16_t)(value > p->activation_maximum ? p->activation_maximum : value);
    }
}

#endif
