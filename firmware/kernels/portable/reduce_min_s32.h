#ifndef QMCU_REDUCE_MIN_S32_H
#define QMCU_REDUCE_MIN_S32_H

#include "reduce.h"

void qmcu_reduce_min_s32(const qmcu_reduce_params *params, const int32_t *input, int32_t *output);

#endif
