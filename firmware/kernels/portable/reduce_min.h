#ifndef QMCU_REDUCE_MIN_H
#define QMCU_REDUCE_MIN_H

#include "reduce.h"

void qmcu_reduce_min(const qmcu_reduce_params *params, const int8_t *input, int8_t *output);

#endif
