#ifndef QMCU_DIV_H
#define QMCU_DIV_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];    /* of the output */
    int32_t strides1[QMCU_WALK_RANK]; /* of input 1 along it; 0 where it is repeated */
    int32_t strides2[QMCU_WALK_RANK];
    int32_t input1_zero_point;
    int32_t input2_zero_point;
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_div_params;

/* reciprocals holds, for each byte of input 2 taken as unsigned, 2^(30 + k) / |input2 - zero point|
   with 2^k the power of two below it. */
void qmcu_div(const qmcu_div_params *params, const int8_t *input1, const int8_t *input2,
              const int32_t *reciprocals, int8_t *output);

#endif
