#ifndef QMCU_LOGISTIC_S16_MVE_H
#define QMCU_LOGISTIC_S16_MVE_H

#include "logistic_s16.h"

typedef qmcu_logistic_s16_params qmcu_logistic_s16_mve_params;

/* As qmcu_logistic_s16. */
void qmcu_logistic_s16_mve(const qmcu_logistic_s16_mve_params *params, const int16_t *input,
                           const int16_t *table, int16_t *output);

#endif
