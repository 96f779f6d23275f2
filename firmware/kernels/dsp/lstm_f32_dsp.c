/* lstm_f32 with the four gates of a unit at a time. */
#include "lstm_f32_dsp.h"

#include "filters_f32_dsp.h"
#include "lstm_f32_code.h"

static inline void gates_of(const float *values, const float *weights, int32_t unit,
                            __attribute__((unused)) int32_t units, int32_t count, float *sums)
{
    qmcu_four_f32_dsp(values, weights + unit * count * QMCU_LSTM_GATES, count, sums);
}

void qmcu_lstm_f32_dsp(const qmcu_lstm_f32_dsp_params *params, const float *input,
                       const float *weights, const float *recurrent, const float *bias,
                       float *hidden, float *cell, float *output)
{
    qmcu_lstm_f32_by(params, input, weights, recurrent, bias, hidden, cell, output, gates_of);
}
