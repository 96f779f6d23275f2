/* average_pool_2d_s16 for the DSP extension, four channels at a time: SMMULR of four times a sum rounds
   as pool_s16_code.h says. The last four channels may be some of the four before; fewer than four go
   one by one. */
#include "average_pool_2d_s16_dsp.h"

#include "dsp.h"
#include "pool_s16_code.h"

static inline int16_t mean(int32_t sum, int32_t factor)
{
    return (int16_t)qmcu_smmulr((int32_t)((uint32_t)sum << 2), factor);
}

static inline void four(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                        int32_t channel, int16_t *output)
{
    const int16_t *from = window->first + channel;
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (int32_t rows = window->rows; rows > 0; --rows) {
        for (int32_t columns = window->columns; columns > 0; --columns) {
            const int32_t low = (int32_t)qmcu_load_word(from);
            const int32_t high = (int32_t)qmcu_load_word(from + 2);
            a += (int16_t)low;
            b += low >> 16;
            c += (int16_t)high;
            d += high >> 16;
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
    const int32_t last = p->depth - 4;
    for (int32_t channel = 0; last < 0 && channel < p->depth; ++channel) {
        output[channel] = mean(qmcu_pool_sum_s16(p, window, channel), window->factor);
    }
    for (int32_t channel = 0; channel <= last; channel = qmcu_next_four(channel, last)) {
        four(p, window, channel, output);
    }
    qmcu_limit_s16(p, output);
}

void qmcu_average_pool_2d_s16_dsp(const qmcu_average_pool_2d_s16_dsp_params *params,
                                  const int16_t *input, int16_t *output)
{
    qmcu_walk_pool_s16(params, input, output, pixel);
}
