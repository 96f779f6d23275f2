#include "pixels_scalar.h"

#include "pair_scalar.h"

#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_7M__)

#include <stddef.h>

/* The assembly reads them by their places. */
#define PLACE(FIELD, OFFSET) \
    _Static_assert(offsetof(qmcu_pixels, FIELD) == (OFFSET), "the place of " #FIELD)
PLACE(windows, 0);
PLACE(filter, 16);
PLACE(row_step, 20);
PLACE(filter_row_step, 24);
PLACE(run, 28);
PLACE(step, 32);
PLACE(taps, 36);
PLACE(rows, 40);
PLACE(parts, 44);
PLACE(part_step, 48);
PLACE(channel_step, 52);
PLACE(filter_step, 56);
PLACE(channels, 60);
PLACE(limits, 76);
PLACE(outputs, 88);
PLACE(count, 104);
PLACE(columns, 108);
PLACE(pairs, 112);

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#if defined(__ARM_ARCH_6M__)
#include "pixels_v6m_scalar.h"
#else
#include "pixels_v7m_scalar.h"
#endif

#else

/* The products of a filter with the window of pixel `i`. */
static uint32_t add_window(const qmcu_pixels *p, const int8_t *window, const int8_t *filter,
                           uint32_t sum)
{
    for (int32_t part = p->parts; part > 0; --part) {
        for (int32_t row = p->rows; row > 0; --row) {
            for (int32_t at = -p->run; at != 0; at += p->step) {
                sum += (uint32_t)(filter[at] * window[at]);
            }
            filter += p->filter_row_step;
            window += row > 1 ? p->row_step : p->part_step;
        }
    }
    return sum;
}

/* The products of packed windows with a filter. */
static void add_packed(const qmcu_pixels *p, const int8_t *filter, uint32_t sums[4])
{
    const uint32_t *from = p->columns;
    for (int32_t pair = p->pairs; pair > 0; --pair) {
        const uint32_t v = (uint32_t)filter[0], w = (uint32_t)filter[1];
        for (int32_t i = 0; i < 2; ++i) {
            const uint32_t product = from[i] * v + from[2 + i] * w;
            const uint32_t high = (uint32_t)((int32_t)(product + (1u << 15)) >> 16);
            sums[2 * i] += product - (high << 16);
            sums[2 * i + 1] += high;
        }
        from += 4;
        filter += 2;
    }
}

void qmcu_pixels_scalar(qmcu_pixels *pixels)
{
    const qmcu_pixels *const p = pixels;
    for (int32_t channel = 0; channel < p->count; ++channel) {
        const int8_t *const filter = p->filter + channel * p->filter_step;
        const uint32_t bias = (uint32_t)p->channels.bias[channel];
        const int32_t r = channel * p->channels.step;
        uint32_t sums[4] = {bias, bias, bias, bias};
        int8_t *outputs[4];
        if (p->pairs > 0) {
            add_packed(p, filter, sums);
        }
        for (int32_t i = 0; i < 4; ++i) {
            if (p->pairs <= 0) {
                sums[i] = add_window(p, p->windows[i] + channel * p->channel_step, filter, bias);
            }
            outputs[i] = p->outputs[i] + channel;
        }
        qmcu_store_pixels_scalar(sums, p->channels.multipliers[r], p->channels.shifts[r],
                                 &p->limits, outputs);
    }
}

#endif
