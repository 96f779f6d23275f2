/* lstm with the products of the vector extension MVE. */
#include "lstm_mve.h"

#include "dot_mve.h"
#include "lstm_code.h"

void qmcu_lstm_mve(const qmcu_lstm_mve_params *params, const int8_t *input, const int8_t *weights,
                   const int8_t *recurrent, const int32_t *bias, const int32_t *recurrent_bias,
                   const int16_t *table, int8_t *hidden, int16_t *cell, int8_t *output)
{
    qmcu_lstm_by(params, input, weights, recurrent, bias, recurrent_bias, table, hidden, cell,
                 output, qmcu_dot_mve);
}
