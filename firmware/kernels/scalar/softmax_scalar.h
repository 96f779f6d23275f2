#ifndef QMCU_SOFTMAX_SCALAR_H
#define QMCU_SOFTMAX_SCALAR_H

#include "softmax.h"

typedef qmcu_softmax_params qmcu_softmax_scalar_params;

/* As qmcu_softmax. */
void qmcu_softmax_scalar(const qmcu_softmax_scalar_params *params, const int8_t *input,
                         int8_t *output);

#endif
