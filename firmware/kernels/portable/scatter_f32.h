#ifndef QMCU_SCATTER_F32_H
#define QMCU_SCATTER_F32_H

#include "scatter_code.h"

void qmcu_scatter_f32(const qmcu_scatter_params *params, const int32_t *indices,
                      const float *updates, float *output);

#endif
