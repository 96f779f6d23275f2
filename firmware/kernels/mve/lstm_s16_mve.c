/* lstm_s16 with the products of the vector extension MVE. */
#include "lstm_s16_mve.h"

#include "dot_mve.h"
#include "lstm_s16_code.h"

void qmcu_lstm_s16_mve(const qmcu_lstm_s16_mve_params *params, const int16_t *input,
                       const int8_t *weights, const int8_t *recurrent, const int64_t *bias,
                       const int16_t *table, int16_t *hidden, int16_t *cell, int16_t *output)
{
    qmcu_lstm_s16_by(params, input, weights, recurrent, bias, table, hidden, cell, output,
                     qmcu_dot_s16_mve);
}
