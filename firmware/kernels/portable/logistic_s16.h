#ifndef QMCU_LOGISTIC_S16_H
#define QMCU_LOGISTIC_S16_H

#include "sigmoid_s16.h"

typedef qmcu_sigmoid_s16_params qmcu_logistic_s16_params;

/* table[i] is the logistic function of i / 24, with 16 fractional bits, less 2^15; the output, of
   scale 2^-15, may lie exactly over the input. */
void qmcu_logistic_s16(const qmcu_logistic_s16_params *params, const int16_t *input,
                       const int16_t *table, int16_t *output);

#endif
