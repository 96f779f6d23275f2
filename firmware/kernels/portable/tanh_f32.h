#ifndef QMCU_TANH_F32_H
#define QMCU_TANH_F32_H

#include "unary.h"

/* The output may lie exactly over the input. */
void qmcu_tanh_f32(const qmcu_unary_params *params, const float *input, float *output);

#endif
