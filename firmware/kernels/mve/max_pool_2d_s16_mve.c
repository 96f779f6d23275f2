/* max_pool_2d_s16 for MVE, eight channels at once. */
#include "max_pool_2d_s16_mve.h"

#include "mve.h"
#include "pool_s16_code.h"

static inline void eight(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                         int32_t channel, mve_pred16_t lanes, int16_t *output)
{
    const int16_t *from = window->first + channel;
    int16x8_t largest = vdupq_n_s16((int16_t)p->activation_minimum);
    for (int32_t rows = window->rows; rows > 0; --rows) {
        for (int32_t columns = window->columns; columns > 0; --columns) {
            largest = vmaxq_s16(largest, vldrhq_z_s16(from, lanes));
            from += p->depth;
        }
        from += window->back;
    }
    largest = vminq_s16(largest, vdupq_n_s16((int16_t)p->activation_maximum));
    vstrhq_p_s16(output + channel, largest, lanes);
}

static inline void pixel(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                         int16_t *output)
{
    for (int32_t channel = 0; channel < p->depth; channel += 8) {
        eight(p, window, channel, vctp16q((uint32_t)(p->depth - channel)), output);
    }
}

void qmcu_max_pool_2d_s16_mve(const qmcu_max_pool_2d_s16_mve_params *params, const int16_t *input,
                              int16_t *output)
{
    qmcu_walk_pool_s16(params, input, output, pixel);
}
