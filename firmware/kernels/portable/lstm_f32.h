#ifndef QMCU_LSTM_F32_H
#define QMCU_LSTM_F32_H

#include "lstm.h"

typedef struct {
    qmcu_lstm_sizes sizes;
    float clip; /* the largest size of a cell state; 0: no limit */
} qmcu_lstm_f32_params;

/* As qmcu_lstm, of real numbers: bias [4][units]. */
void qmcu_lstm_f32(const qmcu_lstm_f32_params *params, const float *input, const float *weights,
                   const float *recurrent, const float *bias, float *hidden, float *cell,
                   float *output);

#endif
