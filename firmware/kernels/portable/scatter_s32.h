#ifndef QMCU_SCATTER_S32_H
#define QMCU_SCATTER_S32_H

#include "scatter_code.h"

void qmcu_scatter_s32(const qmcu_scatter_params *params, const int32_t *indices,
                      const int32_t *updates, int32_t *output);

#endif
