#ifndef QMCU_COMPARE_S32_H
#define QMCU_COMPARE_S32_H

#include "compare.h"

void qmcu_compare_s32(const qmcu_compare_params *params, const int32_t *input1,
                      const int32_t *input2, uint8_t *output);

#endif
