#ifndef QMCU_REDUCE_MIN_S16_H
#define QMCU_REDUCE_MIN_S16_H

#include "reduce.h"

void qmcu_reduce_min_s16(const qmcu_reduce_params *params, const int16_t *input, int16_t *output);

#endif
