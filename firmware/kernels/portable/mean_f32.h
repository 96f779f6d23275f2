#ifndef QMCU_MEAN_F32_H
#define QMCU_MEAN_F32_H

#include <stdint.h>

#include "reduce.h"

typedef struct {
    int32_t kept[QMCU_WALK_RANK]; /* as in qmcu_reduce_params */
    int32_t kept_steps[QMCU_WALK_RANK];
    int32_t reduced[QMCU_WALK_RANK];
    int32_t reduced_steps[QMCU_WALK_RANK];
    float count; /* of inputs per output */
} qmcu_mean_f32_params;

void qmcu_mean_f32(const qmcu_mean_f32_params *params, const float *input, float *output);

#endif
