#ifndef QMCU_ADD_ANY_MVE_H
#define QMCU_ADD_ANY_MVE_H

#include "add.h"

typedef qmcu_add_params qmcu_add_any_mve_params;

/* As qmcu_add. */
void qmcu_add_any_mve(const qmcu_add_any_mve_params *params, const int8_t *input1,
                      const int8_t *input2, int8_t *output);

#endif
