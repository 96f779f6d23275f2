#ifndef QMCU_ARG_MAX_H
#define QMCU_ARG_MAX_H

#include "arg.h"

void qmcu_arg_max(const qmcu_arg_params *params, const int8_t *input, int32_t *output);

#endif
