#ifndef QMCU_LSTM_PAIR_DSP_H
#define QMCU_LSTM_PAIR_DSP_H

#include "lstm_dsp.h"

typedef qmcu_lstm_dsp_params qmcu_lstm_pair_dsp_params;

/* As qmcu_lstm_dsp; weights, recurrent and both biases are in pairs as dot_4_pair_dsp.h has them. */
void qmcu_lstm_pair_dsp(const qmcu_lstm_pair_dsp_params *params, const int8_t *input,
                        const int8_t *weights, const int8_t *recurrent, const int32_t *bias,
                        const int32_t *recurrent_bias, const int32_t *scales, const int16_t *table,
                        int8_t *hidden, int16_t *cell, void *scratch, int8_t *output);

#endif
