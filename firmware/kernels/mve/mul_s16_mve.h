#ifndef QMCU_MUL_S16_MVE_H
#define QMCU_MUL_S16_MVE_H

#include "mul_s16.h"

typedef qmcu_mul_s16_params qmcu_mul_s16_mve_params;

/* As qmcu_mul_s16. */
void qmcu_mul_s16_mve(const qmcu_mul_s16_mve_params *params, const int16_t *input1,
                      const int16_t *input2, int16_t *output);

#endif
