#ifndef QMCU_COMPARE_F32_H
#define QMCU_COMPARE_F32_H

#include "compare.h"

void qmcu_compare_f32(const qmcu_compare_params *params, const float *input1, const float *input2,
                      uint8_t *output);

#endif
