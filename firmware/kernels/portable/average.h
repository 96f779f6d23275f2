/* The average of a pooling window: rounded to the nearest integer with ties away from zero, then
   clamped. */
#ifndef QMCU_AVERAGE_H
#define QMCU_AVERAGE_H

#include "requantize.h"

static inline int8_t qmcu_average_s8(int32_t sum, int32_t count, int32_t minimum, int32_t maximum)
{
    const int32_t mean = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
    return qmcu_clamp_s8(mean, minimum, maximum);
}

#endif
