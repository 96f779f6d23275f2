/* Requantization of any sum by any multiplier, for the kernels that take whatever there is. */
#ifndef QMCU_ANY_DSP_H
#define QMCU_ANY_DSP_H

#include "accumulate.h"
#include "dsp.h"

/* qmcu_channel_output where shift is not 0, else the general form, of which `rounding` is the shift
   (to the left, to the right where negative). */
static inline int8_t qmcu_any_output(int32_t sum, const qmcu_channel *channel, int32_t zero_point)
{
    if (channel->shift != 0) {
        return qmcu_channel_output(sum, channel);
    }
    return qmcu_output_s8((uint32_t)sum, channel->multiplier, channel->rounding, zero_point, -128,
                          127);
}

#endif
