#ifndef QMCU_SOFTMAX_S8_S16_MVE_H
#define QMCU_SOFTMAX_S8_S16_MVE_H

#include "softmax_s8_s16.h"

typedef qmcu_softmax_params qmcu_softmax_s8_s16_mve_params;

/* As qmcu_softmax_s8_s16. */
void qmcu_softmax_s8_s16_mve(const qmcu_softmax_s8_s16_mve_params *params, const int8_t *input,
                             int16_t *output);

#endif
