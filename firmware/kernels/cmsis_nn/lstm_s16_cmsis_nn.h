#ifndef QMCU_LSTM_S16_CMSIS_NN_H
#define QMCU_LSTM_S16_CMSIS_NN_H

#include "lstm_cmsis_nn.h"

typedef qmcu_lstm_cmsis_nn_params qmcu_lstm_s16_cmsis_nn_params;

/* lstm_s16.h by the functions of which CMSIS-NN's arm_lstm_unidirectional_s16 consists; no_bias is
   [units] zeros, scratch int16_t [3][units]. */
void qmcu_lstm_s16_cmsis_nn(const qmcu_lstm_s16_cmsis_nn_params *params, const int16_t *input,
                            const int8_t *weights, const int8_t *recurrent, const int64_t *bias,
                            const int64_t *no_bias, int16_t *hidden, int16_t *cell, void *scratch,
                            int16_t *output);

#endif
