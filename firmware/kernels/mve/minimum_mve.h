#ifndef QMCU_MINIMUM_MVE_H
#define QMCU_MINIMUM_MVE_H

#include "minimum.h"

typedef qmcu_minimum_params qmcu_minimum_mve_params;

/* As qmcu_minimum. */
void qmcu_minimum_mve(const qmcu_minimum_mve_params *params, const int8_t *input1,
                      const int8_t *input2, int8_t *output);

#endif
