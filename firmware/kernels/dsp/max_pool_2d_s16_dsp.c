/* max_pool_2d_s16 for the DSP extension, four channels in two words. The last four channels may be
   some of the four before; fewer than four go one by one. */
#include "max_pool_2d_s16_dsp.h"

#include "dsp.h"
#include "pool_s16_code.h"

static inline uint32_t two_of(int32_t value)
{
    return ((uint32_t)value & 0xFFFFu) * 0x00010001u;
}

static inline void four(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                        int32_t channel, int16_t *output)
{
    const int16_t *from = window->first + channel;
    uint32_t low = two_of(p->activation_minimum), high = low;
    for (int32_t rows = window->rows; rows > 0; --rows) {
        for (int32_t columns = window->columns; columns > 0; --columns) {
            low = qmcu_maximum_s16x2(low, qmcu_load_word(from));
            high = qmcu_maximum_s16x2(high, qmcu_load_word(from + 2));
            from += p->depth;
        }
        from += window->back;
    }
    const uint32_t most = two_of(p->activation_maximum);
    qmcu_store_word(output + channel, qmcu_minimum_s16x2(low, most));
    qmcu_store_word(output + channel + 2, qmcu_minimum_s16x2(high, most));
}

static inline void one(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                       int32_t channel, int16_t *output)
{
    const int16_t *from = window->first + channel;
    int32_t largest = p->activation_minimum;
    for (int32_t rows = window->rows; rows > 0; --rows) {
        for (int32_t columns = window->columns; columns > 0; --columns) {
            largest = *from > largest ? *from : largest;
            from += p->depth;
        }
        from += window->back;
    }
    output[channel] = (int16_t)(largest > p->activation_maximum ? p->activation_maximum : largest);
}

static inline void pixel(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                         int16_t *output)
{
    const int32_t last = p->depth - 4;
    for (int32_t channel = 0; channel <= last; channel = qmcu_next_four(channel, last)) {
        four(p, window, channel, output);
    }
    for (int32_t channel = 0; last < 0 && channel < p->depth; ++channel) {
        one(p, window, channel, output);
    }
}

void qmcu_max_pool_2d_s16_dsp(const qmcu_max_pool_2d_s16_dsp_params *params, const int16_t *input,
                              int16_t *output)
{
    qmcu_walk_pool_s16(params, input, output, pixel);
}
