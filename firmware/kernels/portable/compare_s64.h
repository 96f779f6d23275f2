#ifndef QMCU_COMPARE_S64_H
#define QMCU_COMPARE_S64_H

#include "compare.h"

void qmcu_compare_s64(const qmcu_compare_params *params, const int64_t *input1,
                      const int64_t *input2, uint8_t *output);

#endif
