#ifndef QMCU_MEAN_S16_MVE_H
#define QMCU_MEAN_S16_MVE_H

#include "mean.h"

typedef qmcu_mean_params qmcu_mean_s16_mve_params;

/* As qmcu_mean_s16. */
void qmcu_mean_s16_mve(const qmcu_mean_s16_mve_params *params, const int16_t *input,
                       int16_t *output);

#endif
