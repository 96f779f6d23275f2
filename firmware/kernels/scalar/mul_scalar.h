#ifndef QMCU_MUL_SCALAR_H
#define QMCU_MUL_SCALAR_H

#include "mul.h"

typedef qmcu_mul_params qmcu_mul_scalar_params;

/* As qmcu_mul. */
void qmcu_mul_scalar(const qmcu_mul_scalar_params *params, const int8_t *input1,
                     const int8_t *input2, int8_t *output);

#endif
