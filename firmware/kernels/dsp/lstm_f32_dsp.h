#ifndef QMCU_LSTM_F32_DSP_H
#define QMCU_LSTM_F32_DSP_H

#include "lstm_f32.h"

typedef qmcu_lstm_f32_params qmcu_lstm_f32_dsp_params;

/* As qmcu_lstm_f32; weights [units][depth][4] and recurrent [units][units][4], the gates beside each
   other. */
void qmcu_lstm_f32_dsp(const qmcu_lstm_f32_dsp_params *params, const float *input,
                       const float *weights, const float *recurrent, const float *bias,
                       float *hidden, float *cell, float *output);

#endif
