#ifndef QMCU_MUL_DSP_H
#define QMCU_MUL_DSP_H

#include "walk.h"

#include <stdint.h>

typedef struct {
    int32_t shape[QMCU_WALK_RANK];    /* of the output */
    int32_t strides1[QMCU_WALK_RANK]; /* of input1 in the output's shape: 0 where it is repeated */
    int32_t strides2[QMCU_WALK_RANK];
    int32_t along; /* which dimension and the last one are in each other's place in all three */
    int32_t input1_zero_point;
    int32_t input2_zero_point;
    int32_t multiplier;
    int32_t left;     /* how far to shift products to the left, at least 1 */
    int32_t rounding; /* 2^s + (output zero point << (s + 1)) */
    int32_t shift;    /* s + 1, s the exponent of the rounding division */
} qmcu_mul_dsp_params;

/* The output may lie exactly over an input that is not repeated. */
void qmcu_mul_dsp(const qmcu_mul_dsp_params *params, const int8_t *input1, const int8_t *input2,
                  int8_t *output);

#endif
