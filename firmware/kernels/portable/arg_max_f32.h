#ifndef QMCU_ARG_MAX_F32_H
#define QMCU_ARG_MAX_F32_H

#include "arg.h"

void qmcu_arg_max_f32(const qmcu_arg_params *params, const float *input, int32_t *output);

#endif
