#ifndef QMCU_TOP_K_S32_H
#define QMCU_TOP_K_S32_H

#include "top_k_code.h"

void qmcu_top_k_s32(const qmcu_top_k_params *params, const int32_t *input, int32_t *values,
                    int32_t *places);

#endif
