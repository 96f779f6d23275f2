#ifndef QMCU_PRELU_F32_H
#define QMCU_PRELU_F32_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];    /* of the output */
    int32_t strides1[QMCU_WALK_RANK]; /* of input 1 along it; 0 where it is repeated */
    int32_t strides2[QMCU_WALK_RANK];
} qmcu_prelu_f32_params;

void qmcu_prelu_f32(const qmcu_prelu_f32_params *params, const float *input1, const float *input2,
                    float *output);

#endif
