#ifndef QMCU_COMPARE_S8_H
#define QMCU_COMPARE_S8_H

#include "compare.h"

typedef struct {
    qmcu_compare_params compare;
    int32_t input1_zero_point;
    int32_t input1_multiplier;
    int32_t input1_shift;
    int32_t input2_zero_point;
    int32_t input2_multiplier;
    int32_t input2_shift;
} qmcu_compare_s8_params;

void qmcu_compare_s8(const qmcu_compare_s8_params *params, const int8_t *input1,
                     const int8_t *input2, uint8_t *output);

#endif
