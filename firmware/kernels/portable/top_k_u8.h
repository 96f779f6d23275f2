#ifndef QMCU_TOP_K_U8_H
#define QMCU_TOP_K_U8_H

#include "top_k_code.h"

void qmcu_top_k_u8(const qmcu_top_k_params *params, const uint8_t *input, uint8_t *values,
                   int32_t *places);

#endif
