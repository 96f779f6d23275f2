#ifndef QMCU_SQUARED_DIFFERENCE_H
#define QMCU_SQUARED_DIFFERENCE_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];    /* of the output */
    int32_t strides1[QMCU_WALK_RANK]; /* of input 1 along it; 0 where it is repeated */
    int32_t strides2[QMCU_WALK_RANK];
    int32_t input1_zero_point;
    int32_t input1_multiplier;
    int32_t input1_shift;
    int32_t input2_zero_point;
    int32_t input2_multiplier;
    int32_t input2_shift;
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_zero_point;
} qmcu_squared_difference_params;

void qmcu_squared_difference(const qmcu_squared_difference_params *params, const int8_t *input1,
                             const int8_t *input2, int8_t *output);

#endif
