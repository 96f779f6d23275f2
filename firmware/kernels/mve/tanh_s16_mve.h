#ifndef QMCU_TANH_S16_MVE_H
#define QMCU_TANH_S16_MVE_H

#include "tanh_s16.h"

typedef qmcu_tanh_s16_params qmcu_tanh_s16_mve_params;

/* As qmcu_tanh_s16. */
void qmcu_tanh_s16_mve(const qmcu_tanh_s16_mve_params *params, const int16_t *input,
                       const int16_t *table, int16_t *output);

#endif
