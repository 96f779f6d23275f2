#ifndef QMCU_LSTM_S16_SCALAR_H
#define QMCU_LSTM_S16_SCALAR_H

#include "lstm_s16.h"

typedef qmcu_lstm_params qmcu_lstm_s16_scalar_params;

/* As qmcu_lstm_s16. */
void qmcu_lstm_s16_scalar(const qmcu_lstm_s16_scalar_params *params, const int16_t *input,
                          const int8_t *weights, const int8_t *recurrent, const int64_t *bias,
                          const int16_t *table, int16_t *hidden, int16_t *cell, int16_t *output);

#endif
