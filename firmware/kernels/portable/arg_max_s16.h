#ifndef QMCU_ARG_MAX_S16_H
#define QMCU_ARG_MAX_S16_H

#include "arg.h"

void qmcu_arg_max_s16(const qmcu_arg_params *params, const int16_t *input, int32_t *output);

#endif
