#ifndef QMCU_ARG_MIN_H
#define QMCU_ARG_MIN_H

#include "arg.h"

void qmcu_arg_min(const qmcu_arg_params *params, const int8_t *input, int32_t *output);

#endif
