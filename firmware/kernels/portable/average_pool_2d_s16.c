/* Of int16: the average over the part of the window that lies inside the image, rounded to the nearest
   integer with ties away from zero, then clamped; four channels at a time. */
#include "average_pool_2d_s16.h"

#include "pool_s16_code.h"

/* Cortex-M0+ has no product of 64 bits: halves of both factors, the sum below 2^22, the factor at most
   2^30 + 1. */
static inline int16_t mean(int32_t sum, int32_t factor)
{
#if defined(__ARM_ARCH_6M__)
    const int32_t high = sum >> 16, low = (int32_t)(sum & 0xFFFF);
    const int32_t factor_high = factor >> 16, factor_low = (int32_t)(factor & 0xFFFF);
    const uint32_t lowest = (uint32_t)low * (uint32_t)factor_low >> 16;
    const uint32_t middle = (uint32_t)(high * factor_low + low * factor_high) + lowest;
    const uint32_t whole = ((uint32_t)(high * factor_high) << 16) + middle + (1u << 13);
    return (int16_t)((int32_t)whole >> 14);
#else
    return (int16_t)(((int64_t)sum * factor + (1 << 29)) >> 30);
#endif
}

static inline int16_t quotient(int32_t sum, int32_t count)
{
    return (int16_t)((sum > 0 ? sum + count / 2 : sum - count / 2) / count);
}

static inline void four(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                        int32_t channel, int16_t *output)
{
    const int16_t *from = window->first + channel;
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (int32_t rows = window->rows; rows > 0; --rows) {
        for (int32_t columns = window->columns; columns > 0; --columns) {
            a += from[0];
            b += from[1];
            c += from[2];
            d += from[3];
            from += p->depth;
        }
        from += window->back;
    }
    output[channel] = mean(a, window->factor);
    output[channel + 1] = mean(b, window->factor);
    output[channel + 2] = mean(c, window->factor);
    output[channel + 3] = mean(d, window->factor);
}

static inline void pixel(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                         int16_t *output)
{
    const int32_t count = window->rows * window->columns;
    const int32_t last = count <= QMCU_MOST_POOLED_S16 ? p->depth - 4 : -1;
    for (int32_t channel = 0; channel <= last; channel = qmcu_next_four(channel, last)) {
        four(p, window, channel, output);
    }
    for (int32_t channel = 0; last < 0 && channel < p->depth; ++channel) {
        const int32_t sum = qmcu_pool_sum_s16(p, window, channel);
        output[channel] =
            count <= QMCU_MOST_POOLED_S16 ? mean(sum, window->factor) : quotient(sum, count);
    }
    qmcu_limit_s16(p, output);
}

void qmcu_average_pool_2d_s16(const qmcu_average_pool_2d_s16_params *params, const int16_t *input,
                              int16_t *output)
{
    qmcu_walk_pool_s16(params, input, output, pixel);
}
