/* lstm for the DSP extension, as lstm_code_dsp.h says. */
#include "regions.h"

#include "lstm_dsp.h"

#include "dot_4_dsp.h"
#include "lstm_code_dsp.h"

void qmcu_lstm_dsp(const qmcu_lstm_dsp_params *params, const int8_t *input, const int8_t *weights,
                   const int8_t *recurrent, const int32_t *bias, const int32_t *recurrent_bias,
                   const int32_t *scales, const int16_t *table, int8_t *hidden, int16_t *cell,
                   void *scratch, int8_t *output)
{
    qmcu_lstm_dsp_by(params, input, weights, recurrent, bias, recurrent_bias, scales, table, hidden,
                     cell, scratch, output, qmcu_dot_4_dsp);
}
