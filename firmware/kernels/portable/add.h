#ifndef QMCU_ADD_H
#define QMCU_ADD_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];    /* of the output */
    int32_t strides1[QMCU_WALK_RANK]; /* of input1 in the output's shape: 0 where it is repeated */
    int32_t strides2[QMCU_WALK_RANK];
    int32_t input1_multiplier;
    int32_t input2_multiplier;
    int32_t output_multiplier;
    int8_t input1_zero_point;
    int8_t input1_shift;
    int8_t input2_zero_point;
    int8_t input2_shift;
    int8_t input2_sign; /* 1 adds, -1 subtracts */
    int8_t output_shift;
    int8_t output_zero_point;
    int8_t activation_minimum;
    int8_t activation_maximum;
} qmcu_add_params;

/* The output may lie exactly over an input that is not repeated. */
void qmcu_add(const qmcu_add_params *params, const int8_t *input1, const int8_t *input2,
              int8_t *output);

#endif
