#ifndef QMCU_MEAN_ANY_S16_H
#define QMCU_MEAN_ANY_S16_H

#include "mean_any.h"

void qmcu_mean_any_s16(const qmcu_mean_any_params *params, const int16_t *input, int16_t *output);

#endif
