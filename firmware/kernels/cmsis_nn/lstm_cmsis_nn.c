#include "lstm_cmsis_nn.h"

#include "lstm_call_cmsis_nn.h"
#include <string.h>

typedef int8_t value;

typedef struct {
    const qmcu_lstm_params *params;
    const int8_t *weights;
    const int8_t *recurrent;
    const int32_t *bias;
    const int32_t *recurrent_bias;
    int16_t *other; /* [units] */
} gates;

static void gate(const gates *g, int32_t i, const value *input, const value *hidden, int16_t *to)
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

static void hide(const qmcu_lstm_params *p, const int16_t *open, const int16_t *function,
                 value *output)
{
    (void)arm_elementwise_mul_s16_s8(open, function, output, p->hidden_zero_point,
                                     p->hidden_multiplier, p->hidden_shift, p->sizes.units, 1, 1);
}

#include "lstm_code_cmsis_nn.h"

void qmcu_lstm_cmsis_nn(const qmcu_lstm_cmsis_nn_params *params, const int8_t *input,
                        const int8_t *weights, const int8_t *recurrent, const int32_t *bias,
                        const int32_t *recurrent_bias, int8_t *hidden, int16_t *cell, void *scratch,
                        int8_t *output)
{
    const qmcu_lstm_sizes *const s = &params->lstm.sizes;
    const gates g = {&params->lstm, weights,        recurrent,
                     bias,          recurrent_bias, (int16_t *)scratch + 2 * s->units};
    steps(&g, params->tanh_power, input, hidden, cell, scratch, output);
}
