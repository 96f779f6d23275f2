#ifndef QMCU_REDUCE_MAX_F32_H
#define QMCU_REDUCE_MAX_F32_H

#include "reduce.h"

void qmcu_reduce_max_f32(const qmcu_reduce_params *params, const float *input, float *output);

#endif
