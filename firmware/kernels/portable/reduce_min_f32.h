#ifndef QMCU_REDUCE_MIN_F32_H
#define QMCU_REDUCE_MIN_F32_H

#include "reduce.h"

void qmcu_reduce_min_f32(const qmcu_reduce_params *params, const float *input, float *output);

#endif
