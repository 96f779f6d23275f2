#ifndef QMCU_FULLY_CONNECTED_S16_CMSIS_NN_H
#define QMCU_FULLY_CONNECTED_S16_CMSIS_NN_H

#include "fully_connected_s16.h"

typedef qmcu_fully_connected_s16_params qmcu_fully_connected_s16_cmsis_nn_params;

/* fully_connected_s16.h by CMSIS-NN, for wide layers with one multiplier. */
void qmcu_fully_connected_s16_cmsis_nn(const qmcu_fully_connected_s16_cmsis_nn_params *params,
                                       const int16_t *input, const int8_t *weights,
                                       const int64_t *bias, const int32_t *multipliers,
                                       const int8_t *shifts, int16_t *output);

#endif
