/* Requantization of any sum by any multiplier, for the kernels that take whatever there is. */
#ifndef QMCU_ANY_DSP_H
#define QMCU_ANY_DSP_H

#include "accumulate.h"
#include "dsp.h"

/* One output channel, in as many words as a model has. */
typedef struct {
    int32_t bias;
    int32_t multiplier;
    int32_t shift; /* 1 to 20: to the right, as in qmcu_channel; else the exponent less 256 */
} qmcu_any_channel;

/* qmcu_channel_output where shift is positive, else the general form, whose shift is to the left, to
   the right where negative. */
static inline int8_t qmcu_any_output(int32_t sum, const qmcu_any_channel *channel,
                                     int32_t zero_point)
{
    const int32_t shift = channel->shift;
    if (shift > 0) {
        const int32_t h = qmcu_smmulr((int32_t)((uint32_t)sum << 1), channel->multiplier);
        const int32_t rounding = (int32_t)((uint32_t)(2 * zero_point + 1) << (shift - 1));
        return (int8_t)qmcu_saturate_s8((h + (h >> 31) + rounding) >> shift);
    }
    return qmcu_output_s8((uint32_t)sum, channel->multiplier, shift + 256, zero_point, -128, 127);
}

#endif
