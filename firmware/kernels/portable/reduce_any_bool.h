#ifndef QMCU_REDUCE_ANY_BOOL_H
#define QMCU_REDUCE_ANY_BOOL_H

#include "reduce.h"

void qmcu_reduce_any_bool(const qmcu_reduce_params *params, const uint8_t *input, uint8_t *output);

#endif
