#ifndef QMCU_PRELU_H
#define QMCU_PRELU_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];    /* of the output */
    int32_t strides1[QMCU_WALK_RANK]; /* of the input along it; 0 where it is repeated */
    int32_t strides2[QMCU_WALK_RANK]; /* of alpha */
    int32_t input_zero_point;
    int32_t alpha_zero_point;
    int32_t positive_multiplier; /* input scale / output scale */
    int32_t positive_shift;
    int32_t negative_multiplier; /* input scale * alpha scale / output scale */
    int32_t negative_shift;
    int32_t output_zero_point;
} qmcu_prelu_params;

void qmcu_prelu(const qmcu_prelu_params *params, const int8_t *input, const int8_t *alpha,
                int8_t *output);

#endif
