#ifndef QMCU_REDUCE_PROD_S16_H
#define QMCU_REDUCE_PROD_S16_H

#include "reduce_prod_code.h"

void qmcu_reduce_prod_s16(const qmcu_reduce_prod_params *params, const int16_t *input,
                          int16_t *output);

#endif
