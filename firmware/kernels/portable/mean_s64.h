#ifndef QMCU_MEAN_S64_H
#define QMCU_MEAN_S64_H

#include "mean_integers.h"

void qmcu_mean_s64(const qmcu_mean_integers_params *params, const int64_t *input, int64_t *output);

#endif
