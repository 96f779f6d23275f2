#ifndef QMCU_SOFTMAX_F32_H
#define QMCU_SOFTMAX_F32_H

#include "rows.h"

typedef struct {
    qmcu_rows_params rows;
    float beta;
} qmcu_softmax_f32_params;

/* The output may lie exactly over the input. */
void qmcu_softmax_f32(const qmcu_softmax_f32_params *params, const float *input, float *output);

#endif
