#include "lstm_cmsis_nn.h"

#include "lstm_call_cmsis_nn.h"
#include <string.h>

typedef struct {
    const qmcu_lstm_params *params;
    const int8_t *weights;
    const int8_t *recurrent;
    const int32_t *bias;
    const int32_t *recurrent_bias;
    int16_t *other; /* [units] */
} gates;

static void gate(const gates *g, int32_t i, const int8_t *input, const int8_t *hidden, int16_t *to)
{
    const qmcu_lstm_params *const p = g->params;
    const int32_t units = p->sizes.units;
    const int32_t depth = p->sizes.depth;
    memset(to, 0, sizeof *to * (size_t)units);
    memset(g->other, 0, sizeof *g->other * (size_t)units);
    (void)arm_nn_vec_mat_mul_result_acc_s8_s16(input, g->weights + i * units * depth,
                                               g->bias + i * units, to, p->multipliers[i],
                                               p->shifts[i], depth, units, 1, 1);
    (void)arm_nn_vec_mat_mul_result_acc_s8_s16(
        hidden, g->recurrent + i * units * units, g->recurrent_bias + i * units, g->other,
        p->recurrent_multipliers[i], p->recurrent_shifts[i], units, units, 1, 1);
    qmcu_lstm_activate(to, g->other, units, i == QMCU_LSTM_CELL ? ARM_TANH : ARM_SIGMOID);
}

static void step(const gates *g, int32_t tanh_power, const int8_t *input, const int8_t *hidden,
                 int16_t *cell, int16_t *scratch, int8_t *output)
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
    (void)arm_elementwise_mul_s16_s8(scratch, fresh, output, p->hidden_zero_point,
                                     p->hidden_multiplier, p->hidden_shift, p->sizes.units, 1, 1);
}

void qmcu_lstm_cmsis_nn(const qmcu_lstm_cmsis_nn_params *params, const int8_t *input,
                        const int8_t *weights, const int8_t *recurrent, const int32_t *bias,
                        const int32_t *recurrent_bias, int8_t *hidden, int16_t *cell, void *scratch,
                        int8_t *output)
{
    const qmcu_lstm_sizes *const s = &params->lstm.sizes;
    const gates g = {&params->lstm, weights,        recurrent,
                     bias,          recurrent_bias, (int16_t *)scratch + 2 * s->units};
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        const int8_t *before = hidden + batch * s->units;
        for (int32_t i = 0; i < s->steps; ++i) {
            const int32_t row = batch * s->batch_rows + i * s->step_rows;
            int8_t *const to = output + row * s->units;
            step(&g, params->tanh_power, input + row * s->depth, before, cell + batch * s->units,
                 scratch, to);
            before = to;
        }
        memcpy(hidden + batch * s->units, before, (size_t)s->units);
    }
}
