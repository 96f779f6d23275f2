/* average_pool_2d_s16 for MVE, eight channels in two vectors of sums: VRMULH of four times a sum rounds
   as pool_s16_code.h says. */
#include "average_pool_2d_s16_mve.h"

#include "mve.h"
#include "pool_s16_code.h"

static inline int32x4_t mean(const qmcu_pool_params *p, int32x4_t sums, int32_t factor)
{
    const int32x4_t means = vrmulhq_s32(vshlq_n_s32(sums, 2), vdupq_n_s32(factor));
    return vminq_s32(vmaxq_s32(means, vdupq_n_s32(p->activation_minimum)),
                     vdupq_n_s32(p->activation_maximum));
}

static inline void eight(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                         int32_t channel, int16_t *output)
{
    const int16_t *from = window->first + channel;
    int32x4_t low = vdupq_n_s32(0), high = low;
    for (int32_t rows = window->rows; rows > 0; --rows) {
        for (int32_t columns = window->columns; columns > 0; --columns) {
            low = vaddq_s32(low, vldrhq_s32(from));
            high = vaddq_s32(high, vldrhq_s32(from + 4));
            from += p->depth;
        }
        from += window->back;
    }
    vstrhq_s32(output + channel, mean(p, low, window->factor));
    vstrhq_s32(output + channel + 4, mean(p, high, window->factor));
}

static inline void four(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                        int32_t channel, int16_t *output)
{
    const mve_pred16_t lanes = vctp32q((uint32_t)(p->depth - channel));
    const int16_t *from = window->first + channel;
    int32x4_t sums = vdupq_n_s32(0);
    for (int32_t rows = window->rows; rows > 0; --rows) {
        for (int32_t columns = window->columns; columns > 0; --columns) {
            sums = vaddq_s32(sums, vldrhq_z_s32(from, lanes));
            from += p->depth;
        }
        from += window->back;
    }
    vstrhq_p_s32(output + channel, mean(p, sums, window->factor), lanes);
}

static inline void pixel(const qmcu_pool_params *p, const qmcu_pool_window_s16 *window,
                         int16_t *output)
{
    int32_t channel = 0;
    for (; channel + 8 <= p->depth; channel += 8) {
        eight(p, window, channel, output);
    }
    for (; channel < p->depth; channel += 4) {
        four(p, window, channel, output);
    }
}

void qmcu_average_pool_2d_s16_mve(const qmcu_average_pool_2d_s16_mve_params *params,
                                  const int16_t *input, int16_t *output)
{
    qmcu_walk_pool_s16(params, input, output, pixel);
}
