#ifndef QMCU_ADD_S16_H
#define QMCU_ADD_S16_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];    /* of the output */
    int32_t strides1[QMCU_WALK_RANK]; /* of input1 in the output's shape: 0 where it is repeated */
    int32_t strides2[QMCU_WALK_RANK];
    int32_t input1_multiplier;
    int32_t input2_multiplier;
    int32_t output_multiplier;
    int16_t activation_minimum;
    int16_t activation_maximum;
    int8_t input1_shift;
    int8_t input2_shift;
    int8_t input2_sign; /* 1 adds, -1 subtracts */
    int8_t output_shift;
} qmcu_add_s16_params;

/* Whether an input is halved, as the one of the larger scale is: one of both at least. */
#define QMCU_IS_HALVED_S16(multiplier, shift) ((multiplier) == 1 << 30 && (shift) == 0)

/* The output may lie exactly over an input that is not repeated; zero points are 0. */
void qmcu_add_s16(const qmcu_add_s16_params *params, const int16_t *input1, const int16_t *input2,
                  int16_t *output);

#endif
