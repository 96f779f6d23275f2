#ifndef QMCU_L2_NORMALIZATION_H
#define QMCU_L2_NORMALIZATION_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t input_zero_point;
} qmcu_l2_normalization_params;

void qmcu_l2_normalization(const qmcu_l2_normalization_params *params, const int8_t *input,
                           int8_t *output);

#endif
