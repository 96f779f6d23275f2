#ifndef QMCU_REDUCE_MIN_S64_H
#define QMCU_REDUCE_MIN_S64_H

#include "reduce.h"

void qmcu_reduce_min_s64(const qmcu_reduce_params *params, const int64_t *input, int64_t *output);

#endif
