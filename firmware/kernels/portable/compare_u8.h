#ifndef QMCU_COMPARE_U8_H
#define QMCU_COMPARE_U8_H

#include "compare.h"

void qmcu_compare_u8(const qmcu_compare_params *params, const uint8_t *input1,
                     const uint8_t *input2, uint8_t *output);

#endif
