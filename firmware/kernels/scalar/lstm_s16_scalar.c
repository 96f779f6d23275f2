/* lstm_s16 with the sums of 32 bits as long as they are enough. */
#include "lstm_s16_scalar.h"

#include "dot_s16_scalar.h"
#include "lstm_s16_code.h"

void qmcu_lstm_s16_scalar(const qmcu_lstm_s16_scalar_params *params, const int16_t *input,
                          const int8_t *weights, const int8_t *recurrent, const int64_t *bias,
                          const int16_t *table, int16_t *hidden, int16_t *cell, int16_t *output)
{
    qmcu_lstm_s16_by(params, input, weights, recurrent, bias, table, hidden, cell, output,
                     qmcu_dot_s16_scalar);
}
