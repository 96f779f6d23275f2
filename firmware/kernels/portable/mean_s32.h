#ifndef QMCU_MEAN_S32_H
#define QMCU_MEAN_S32_H

#include "mean_integers.h"

void qmcu_mean_s32(const qmcu_mean_integers_params *params, const int32_t *input, int32_t *output);

#endif
