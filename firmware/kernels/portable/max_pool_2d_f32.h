#ifndef QMCU_MAX_POOL_2D_F32_H
#define QMCU_MAX_POOL_2D_F32_H

#include "pool_f32.h"

void qmcu_max_pool_2d_f32(const qmcu_pool_f32_params *params, const float *input, float *output);

#endif
