#ifndef QMCU_PRELU_SCALAR_H
#define QMCU_PRELU_SCALAR_H

#include "prelu.h"

typedef qmcu_prelu_params qmcu_prelu_scalar_params;

/* The output may lie exactly over an input that is not repeated. */
void qmcu_prelu_scalar(const qmcu_prelu_scalar_params *params, const int8_t *input,
                       const int8_t *alpha, int8_t *output);

#endif
