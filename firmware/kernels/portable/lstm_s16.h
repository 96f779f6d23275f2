#ifndef QMCU_LSTM_S16_H
#define QMCU_LSTM_S16_H

#include "lstm.h"

/* As qmcu_lstm, of int16 without zero points: biases have 64 bits, the eight multipliers 16. */
void qmcu_lstm_s16(const qmcu_lstm_params *params, const int16_t *input, const int8_t *weights,
                   const int8_t *recurrent, const int64_t *bias, const int16_t *table,
                   int16_t *hidden, int16_t *cell, int16_t *output);

#endif
