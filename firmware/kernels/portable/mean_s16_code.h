/* The output of a sum of int16, which wraps around as the interpreter's does. */
#ifndef QMCU_MEAN_S16_CODE_H
#define QMCU_MEAN_S16_CODE_H

#include "accumulate.h"
#include "mean.h"

static inline int16_t qmcu_mean_output_s16(const qmcu_mean_params *p, uint32_t sum)
{
    const int32_t scaled =
        qmcu_requantize((int32_t)((uint32_t)p->sum_offset + sum), p->multiplier, p->shift);
    const int32_t value = (int32_t)((uint32_t)scaled + (uint32_t)p->output_zero_point);
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

#endif
