#ifndef QMCU_ARG_MIN_S16_H
#define QMCU_ARG_MIN_S16_H

#include "arg.h"

void qmcu_arg_min_s16(const qmcu_arg_params *params, const int16_t *input, int32_t *output);

#endif
