#ifndef QMCU_LSTM_SCALAR_H
#define QMCU_LSTM_SCALAR_H

#include "lstm.h"

typedef qmcu_lstm_params qmcu_lstm_scalar_params;

/* As qmcu_lstm. */
void qmcu_lstm_scalar(const qmcu_lstm_scalar_params *params, const int8_t *input,
                      const int8_t *weights, const int8_t *recurrent, const int32_t *bias,
                      const int32_t *recurrent_bias, const int16_t *table, int8_t *hidden,
                      int16_t *cell, int8_t *output);

#endif
