#ifndef QMCU_ADD_S16_MVE_H
#define QMCU_ADD_S16_MVE_H

#include "add_s16.h"

typedef qmcu_add_s16_params qmcu_add_s16_mve_params;

/* As qmcu_add_s16. */
void qmcu_add_s16_mve(const qmcu_add_s16_mve_params *params, const int16_t *input1,
                      const int16_t *input2, int16_t *output);

#endif
