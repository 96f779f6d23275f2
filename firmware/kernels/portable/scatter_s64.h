#ifndef QMCU_SCATTER_S64_H
#define QMCU_SCATTER_S64_H

#include "scatter_code.h"

void qmcu_scatter_s64(const qmcu_scatter_params *params, const int32_t *indices,
                      const int64_t *updates, int64_t *output);

#endif
