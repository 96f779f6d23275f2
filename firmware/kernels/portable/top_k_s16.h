#ifndef QMCU_TOP_K_S16_H
#define QMCU_TOP_K_S16_H

#include "top_k_code.h"

void qmcu_top_k_s16(const qmcu_top_k_params *params, const int16_t *input, int16_t *values,
                    int32_t *places);

#endif
