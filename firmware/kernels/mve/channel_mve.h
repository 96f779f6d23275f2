/* What turns the sums of one output channel into bytes, for MVE. */
#ifndef QMCU_CHANNEL_MVE_H
#define QMCU_CHANNEL_MVE_H

#include <stdint.h>

typedef struct {
    int32_t bias;
    int32_t multiplier;
    int32_t shift; /* -31 to -1: how far the product is shifted to the left */
} qmcu_mve_channel;

#endif
