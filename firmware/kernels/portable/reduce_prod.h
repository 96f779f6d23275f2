#ifndef QMCU_REDUCE_PROD_H
#define QMCU_REDUCE_PROD_H

#include "reduce_prod_code.h"

void qmcu_reduce_prod(const qmcu_reduce_prod_params *params, const int8_t *input, int8_t *output);

#endif
