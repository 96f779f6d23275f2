#ifndef QMCU_ADD_S16_SCALAR_H
#define QMCU_ADD_S16_SCALAR_H

#include "add_s16.h"

typedef qmcu_add_s16_params qmcu_add_s16_scalar_params;

/* As qmcu_add_s16. */
void qmcu_add_s16_scalar(const qmcu_add_s16_scalar_params *params, const int16_t *input1,
                         const int16_t *input2, int16_t *output);

#endif
