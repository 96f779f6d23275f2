#ifndef QMCU_MEAN_MVE_H
#define QMCU_MEAN_MVE_H

#include "mean.h"

typedef qmcu_mean_params qmcu_mean_mve_params;

/* As qmcu_mean. */
void qmcu_mean_mve(const qmcu_mean_mve_params *params, const int8_t *input, int8_t *output);

#endif
