#ifndef QMCU_FULLY_CONNECTED_FEW_SCALAR_H
#define QMCU_FULLY_CONNECTED_FEW_SCALAR_H

#include "fully_connected.h"

typedef qmcu_fully_connected_params qmcu_fully_connected_few_scalar_params;

/* As fully_connected, of any number of outputs; meant for fewer than four. */
void qmcu_fully_connected_few_scalar(const qmcu_fully_connected_few_scalar_params *params,
                                     const int8_t *input, const int8_t *weights,
                                     const int32_t *bias, const int32_t *multipliers,
                                     const int8_t *shifts, int8_t *output);

#endif
