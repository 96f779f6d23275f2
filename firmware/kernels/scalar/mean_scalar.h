#ifndef QMCU_MEAN_SCALAR_H
#define QMCU_MEAN_SCALAR_H

#include "mean.h"

typedef qmcu_mean_params qmcu_mean_scalar_params;

/* As qmcu_mean. */
void qmcu_mean_scalar(const qmcu_mean_scalar_params *params, const int8_t *input, int8_t *output);

#endif
