#ifndef QMCU_MAXIMUM_MVE_H
#define QMCU_MAXIMUM_MVE_H

#include "maximum.h"

typedef qmcu_maximum_params qmcu_maximum_mve_params;

/* As qmcu_maximum. */
void qmcu_maximum_mve(const qmcu_maximum_mve_params *params, const int8_t *input1,
                      const int8_t *input2, int8_t *output);

#endif
