#ifndef QMCU_MUL_MVE_H
#define QMCU_MUL_MVE_H

#include "walk.h"

#include <stdint.h>

typedef struct {
    int32_t shape[QMCU_WALK_RANK];    /* of the output */
    int32_t strides1[QMCU_WALK_RANK]; /* of input1 in the output's shape: 0 where it is repeated */
    int32_t strides2[QMCU_WALK_RANK];
    int32_t input1_zero_point;
    int32_t input2_zero_point;
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_mul_mve_params;

/* The output may lie exactly over an input that is not repeated. */
void qmcu_mul_mve(const qmcu_mul_mve_params *params, const int8_t *input1, const int8_t *input2,
                  int8_t *output);

#endif
