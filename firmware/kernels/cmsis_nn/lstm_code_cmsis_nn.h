/* The steps of both LSTM adapters. Whoever includes this defines `value`, the type of input and hidden
   state, `gates` with params, `gate`, which computes one of the four, and `hide`, which makes the
   hidden state of the output gate and the cell's function. */
#ifndef QMCU_LSTM_CODE_CMSIS_NN_H
#define QMCU_LSTM_CODE_CMSIS_NN_H

#include "lstm_call_cmsis_nn.h"
#include <string.h>

static void step(const gates *g, int32_t tanh_power, const value *input, const value *hidden,
                 int16_t *cell, int16_t *scratch, value *output)
{
    const qmcu_lstm_params *const p = g->params;
    int16_t *const fresh = scratch + p->sizes.units;
    gate(g, QMCU_LSTM_FORGET, input, hidden, scratch);
    qmcu_lstm_forget(p, scratch, cell);
    gate(g, QMCU_LSTM_INPUT, input, hidden, scratch);
    gate(g, QMCU_LSTM_CELL, input, hidden, fresh);
    qmcu_lstm_remember(p, scratch, fresh, cell);
    gate(g, QMCU_LSTM_OUTPUT, input, hidden, scratch);
    (void)arm_nn_activation_s16(cell, fresh, p->sizes.units, tanh_power, ARM_TANH);
    hide(p, scratch, fresh, output);
}

static void steps(const gates *g, int32_t tanh_power, const value *input, value *hidden,
                  int16_t *cell, int16_t *scratch, value *output)
{
    const qmcu_lstm_sizes *const s = &g->params->sizes;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        const value *before = hidden + batch * s->units;
        for (int32_t i = 0; i < s->steps; ++i) {
            const int32_t row = batch * s->batch_rows + i * s->step_rows;
            value *const to = output + row * s->units;
            step(g, tanh_power, input + row * s->depth, before, cell + batch * s->units, scratch,
                 to);
            before = to;
        }
        memcpy(hidden + batch * s->units, before, sizeof *hidden * (size_t)s->units);
    }
}

#endif
