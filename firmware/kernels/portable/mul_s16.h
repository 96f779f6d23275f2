#ifndef QMCU_MUL_S16_H
#define QMCU_MUL_S16_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];    /* of the output */
    int32_t strides1[QMCU_WALK_RANK]; /* of input1 in the output's shape: 0 where it is repeated */
    int32_t strides2[QMCU_WALK_RANK];
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_mul_s16_params;

/* The output may lie exactly over an input that is not repeated; zero points are 0. */
void qmcu_mul_s16(const qmcu_mul_s16_params *params, const int16_t *input1, const int16_t *input2,
                  int16_t *output);

#endif
