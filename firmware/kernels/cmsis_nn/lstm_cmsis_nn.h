#ifndef QMCU_LSTM_CMSIS_NN_H
#define QMCU_LSTM_CMSIS_NN_H

#include "lstm.h"

typedef struct {
    qmcu_lstm_params lstm;
    int32_t tanh_power; /* the power of two from the cell state's scale to 2^-12 */
} qmcu_lstm_cmsis_nn_params;

/* lstm.h by the functions of which CMSIS-NN's arm_lstm_unidirectional_s8 consists, with its table;
   scratch: int16_t [3][units]. */
void qmcu_lstm_cmsis_nn(const qmcu_lstm_cmsis_nn_params *params, const int8_t *input,
                        const int8_t *weights, const int8_t *recurrent, const int32_t *bias,
                        const int32_t *recurrent_bias, int8_t *hidden, int16_t *cell, void *scratch,
                        int8_t *output);

#endif
