#ifndef QMCU_MEAN_S16_H
#define QMCU_MEAN_S16_H

#include "mean.h"

/* The steps of the parameters are in elements. */
void qmcu_mean_s16(const qmcu_mean_params *params, const int16_t *input, int16_t *output);

#endif
