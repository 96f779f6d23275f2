#ifndef QMCU_SCATTER_H
#define QMCU_SCATTER_H

#include "scatter_code.h"

void qmcu_scatter(const qmcu_scatter_params *params, const int32_t *indices, const int8_t *updates,
                  int8_t *output);

#endif
