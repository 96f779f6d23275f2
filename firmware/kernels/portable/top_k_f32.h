#ifndef QMCU_TOP_K_F32_H
#define QMCU_TOP_K_F32_H

#include "top_k_code.h"

void qmcu_top_k_f32(const qmcu_top_k_params *params, const float *input, float *values,
                    int32_t *places);

#endif
