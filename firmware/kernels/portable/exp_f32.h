#ifndef QMCU_EXP_F32_H
#define QMCU_EXP_F32_H

#include "unary.h"

/* The output may lie exactly over the input. */
void qmcu_exp_f32(const qmcu_unary_params *params, const float *input, float *output);

#endif
