#ifndef QMCU_FULLY_CONNECTED_S16_QUADS_SCALAR_H
#define QMCU_FULLY_CONNECTED_S16_QUADS_SCALAR_H

#include "fully_connected_s16_quads.h"

typedef qmcu_fully_connected_s16_quads_params qmcu_fully_connected_s16_quads_scalar_params;

/* Weights as quads_s16_scalar.h says. */
void qmcu_fully_connected_s16_quads_scalar(
    const qmcu_fully_connected_s16_quads_scalar_params *params, const int16_t *input,
    const int8_t *weights, const int32_t *bias, const int32_t *multipliers, int16_t *output);

#endif
