#ifndef QMCU_TOP_K_S64_H
#define QMCU_TOP_K_S64_H

#include "top_k_code.h"

void qmcu_top_k_s64(const qmcu_top_k_params *params, const int64_t *input, int64_t *values,
                    int32_t *places);

#endif
