/* lstm_code.h says what it computes. */
#include "lstm.h"

#include "accumulate.h"
#include "lstm_code.h"

void qmcu_lstm(const qmcu_lstm_params *params, const int8_t *input, const int8_t *weights,
               const int8_t *recurrent, const int32_t *bias, const int32_t *recurrent_bias,
               const int16_t *table, int8_t *hidden, int16_t *cell, int8_t *output)
{
    qmcu_lstm_by(params, input, weights, recurrent, bias, recurrent_bias, table, hidden, cell,
                 output, qmcu_dot);
}
