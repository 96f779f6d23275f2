#ifndef QMCU_SUM_F32_H
#define QMCU_SUM_F32_H

#include "reduce.h"

void qmcu_sum_f32(const qmcu_reduce_params *params, const float *input, float *output);

#endif
