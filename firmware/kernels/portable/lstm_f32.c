/* lstm_f32_code.h says what it computes. */
#include "lstm_f32.h"

#include "lstm_f32_code.h"

static void gates_of(const float *values, const float *weights, int32_t unit, int32_t units,
                     int32_t count, float *sums)
{
    for (int32_t gate = 0; gate < QMCU_LSTM_GATES; ++gate) {
        const float *const filter = weights + (gate * units + unit) * count;
        for (int32_t i = 0; i < count; ++i) {
            sums[gate] += filter[i] * values[i];
        }
    }
}

void qmcu_lstm_f32(const qmcu_lstm_f32_params *params, const float *input, const float *weights,
                   const float *recurrent, const float *bias, float *hidden, float *cell,
                   float *output)
{
    qmcu_lstm_f32_by(params, input, weights, recurrent, bias, hidden, cell, output, gates_of);
}
