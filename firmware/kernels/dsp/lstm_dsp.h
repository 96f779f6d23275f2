#ifndef QMCU_LSTM_DSP_H
#define QMCU_LSTM_DSP_H

#include "lstm.h"

typedef qmcu_lstm_params qmcu_lstm_dsp_params;

/* As qmcu_lstm. */
void qmcu_lstm_dsp(const qmcu_lstm_dsp_params *params, const int8_t *input, const int8_t *weights,
                   const int8_t *recurrent, const int32_t *bias, const int32_t *recurrent_bias,
                   const int16_t *table, int8_t *hidden, int16_t *cell, int8_t *output);

#endif
