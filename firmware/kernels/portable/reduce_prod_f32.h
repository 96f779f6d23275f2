#ifndef QMCU_REDUCE_PROD_F32_H
#define QMCU_REDUCE_PROD_F32_H

#include "reduce.h"

void qmcu_reduce_prod_f32(const qmcu_reduce_params *params, const float *input, float *output);

#endif
