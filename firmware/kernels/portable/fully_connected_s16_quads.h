#ifndef QMCU_FULLY_CONNECTED_S16_QUADS_H
#define QMCU_FULLY_CONNECTED_S16_QUADS_H

#include "quads_s16.h"

typedef struct {
    int32_t batches;
    qmcu_quads_s16 quads; /* a column is an input row */
} qmcu_fully_connected_s16_quads_params;

#endif
