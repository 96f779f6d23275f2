#ifndef QMCU_ARG_MIN_S32_H
#define QMCU_ARG_MIN_S32_H

#include "arg.h"

void qmcu_arg_min_s32(const qmcu_arg_params *params, const int32_t *input, int32_t *output);

#endif
