#ifndef QMCU_SIGN_S32_H
#define QMCU_SIGN_S32_H

#include "unary.h"

void qmcu_sign_s32(const qmcu_unary_params *params, const int32_t *input, int32_t *output);

#endif
