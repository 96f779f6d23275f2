#include "lstm_s16_cmsis_nn.h"

#include "lstm_call_cmsis_nn.h"
#include <string.h>

typedef int16_t value;

typedef struct {
    const qmcu_lstm_params *params;
    const int8_t *weights;
    const int8_t *recurrent;
    const int64_t *bias;
    const int64_t *no_bias;
    int16_t *other; /* [units] */
} gates;

/* The library takes the upper 16 bits of the multipliers. */
static void gate(const gates *g, int32_t i, const value *input, const value *hidden, int16_t *to)
{
    const qmcu_lstm_params *const p = g->params;
    const int32_t units = p->sizes.units;
    const int32_t depth = p->sizes.depth;
    memset(to, 0, sizeof *to * (size_t)units);
    memset(g->other, 0, sizeof *g->other * (size_t)units);
    (void)arm_nn_vec_mat_mul_result_acc_s16(input, g->weights + i * units * depth,
                                            g->bias + i * units, to, p->multipliers[i] << 16,
                                            p->shifts[i], depth, units, 1, 1);
    (void)arm_nn_vec_mat_mul_result_acc_s16(hidden, g->recurrent + i * units * units, g->no_bias,
                                            g->other, p->recurrent_multipliers[i] << 16,
                                            p->recurrent_shifts[i], units, units, 1, 1);
    qmcu_lstm_activate(to, g->other, units, i == QMCU_LSTM_CELL ? ARM_TANH : ARM_SIGMOID);
}

static void hide(const qmcu_lstm_params *p, const int16_t *open, const int16_t *function,
                 value *output)
{
    (void)arm_elementwise_mul_s16(open, function, 0, 0, output, 0, p->hidden_multiplier,
                                  p->hidden_shift, INT16_MIN, INT16_MAX, p->sizes.units);
}

#include "lstm_code_cmsis_nn.h"

void qmcu_lstm_s16_cmsis_nn(const qmcu_lstm_s16_cmsis_nn_params *params, const int16_t *input,
                            const int8_t *weights, const int8_t *recurrent, const int64_t *bias,
                            const int64_t *no_bias, int16_t *hidden, int16_t *cell, void *scratch,
                            int16_t *output)
{
    const qmcu_lstm_sizes *const s = &params->lstm.sizes;
    const gates g = {&params->lstm, weights, recurrent,
                     bias,          no_bias, (int16_t *)scratch + 2 * s->units};
    steps(&g, params->tanh_power, input, hidden, cell, scratch, output);
}
