#ifndef QMCU_SIGN_F32_H
#define QMCU_SIGN_F32_H

#include "unary.h"

void qmcu_sign_f32(const qmcu_unary_params *params, const float *input, float *output);

#endif
