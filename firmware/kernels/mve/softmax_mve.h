#ifndef QMCU_SOFTMAX_MVE_H
#define QMCU_SOFTMAX_MVE_H

#include "softmax.h"

typedef qmcu_softmax_params qmcu_softmax_mve_params;

/* As qmcu_softmax. */
void qmcu_softmax_mve(const qmcu_softmax_mve_params *params, const int8_t *input, int8_t *output);

#endif
