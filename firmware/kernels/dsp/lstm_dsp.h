#ifndef QMCU_LSTM_DSP_H
#define QMCU_LSTM_DSP_H

#include "lstm.h"

typedef qmcu_lstm_params qmcu_lstm_dsp_params;

/* Of the scales: those of the gates' sums over the input, over the hidden state, then these. */
enum {
    QMCU_LSTM_SCALE_FORGET = 2 * QMCU_LSTM_GATES,
    QMCU_LSTM_SCALE_CELL,
    QMCU_LSTM_SCALE_HIDDEN,
    QMCU_LSTM_SCALES
};

/* As qmcu_lstm, four gates of a unit at a time: weights [units][steps][4][4] as dot_4_dsp.h has
   them, recurrent likewise, bias and recurrent_bias [units][4], scales qmcu_scale
   [QMCU_LSTM_SCALES]; scratch holds an input and a hidden state, each filled up to fours,
   unless it ends there. */
void qmcu_lstm_dsp(const qmcu_lstm_dsp_params *params, const int8_t *input, const int8_t *weights,
                   const int8_t *recurrent, const int32_t *bias, const int32_t *recurrent_bias,
                   const int32_t *scales, const int16_t *table, int8_t *hidden, int16_t *cell,
                   void *scratch, int8_t *output);

#endif
