#ifndef QMCU_TOP_K_H
#define QMCU_TOP_K_H

#include "top_k_code.h"

void qmcu_top_k(const qmcu_top_k_params *params, const int8_t *input, int8_t *values,
                int32_t *places);

#endif
