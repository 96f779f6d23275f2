/* What lstm_dsp.h says: a unit's four gates are four filters over the same input. */
#ifndef QMCU_LSTM_CODE_DSP_H
#define QMCU_LSTM_CODE_DSP_H

#include "lstm_dsp.h"
#include "scale_dsp.h"
#include "sigmoid_s16.h"
#include <string.h>

/* As qmcu_lstm_unit, whose comment says what it computes. */
static inline int32_t qmcu_lstm_unit_of(const qmcu_lstm_params *p, const int32_t *sums,
                                        const int32_t *recurrent, const qmcu_scale *scales,
                                        const int16_t *table, int16_t *cell)
{
    int32_t gates[QMCU_LSTM_GATES];
    for (int32_t gate = 0; gate < QMCU_LSTM_GATES; ++gate) {
        const int32_t own = qmcu_saturate_s16(qmcu_scaled(sums[gate], scales + gate));
        const int32_t other =
            qmcu_saturate_s16(qmcu_scaled(recurrent[gate], scales + QMCU_LSTM_GATES + gate));
        gates[gate] = 3 * qmcu_saturate_s16(own + other);
    }
    const int32_t input = qmcu_logistic_of(gates[QMCU_LSTM_INPUT], table);
    const int32_t forget = qmcu_logistic_of(gates[QMCU_LSTM_FORGET], table);
    const int32_t fresh = qmcu_tanh_of(gates[QMCU_LSTM_CELL], table);
    const int32_t out = qmcu_logistic_of(gates[QMCU_LSTM_OUTPUT], table);
    const int32_t kept =
        qmcu_saturate_s16(qmcu_scaled(forget * *cell, scales + QMCU_LSTM_SCALE_FORGET));
    const int32_t added =
        qmcu_saturate_s16(qmcu_scaled(input * fresh, scales + QMCU_LSTM_SCALE_CELL));
    int32_t sum = qmcu_saturate_s16(kept + added);
    if (p->clip >= 0) {
        sum = sum < -p->clip ? -p->clip : sum > p->clip ? p->clip : sum;
    }
    *cell = (int16_t)sum;
    const qmcu_sigmoid_s16_params scaling = {1, p->tanh_multiplier, p->tanh_shift};
    const int32_t tanh = qmcu_tanh_of(qmcu_sigmoid_argument(&scaling, *cell), table);
    const int32_t scaled = qmcu_scaled(tanh * out, scales + QMCU_LSTM_SCALE_HIDDEN);
    return (int32_t)((uint32_t)scaled + (uint32_t)p->hidden_zero_point);
}

/* The row, in scratch where its last step ends behind it. */
static inline const int8_t *qmcu_whole_steps(const int8_t *row, int32_t count, int8_t *scratch)
{
    if (count % 4 == 0) {
        return row;
    }
    memcpy(scratch, row, (size_t)count);
    return scratch;
}

/* Adds the products of one input with four filters to sums, `steps` steps of them. */
typedef void qmcu_lstm_dot(const int8_t *input, const int8_t *weights, int32_t steps,
                           int32_t *sums);

static inline __attribute__((always_inline)) void
qmcu_lstm_dsp_by(const qmcu_lstm_dsp_params *params, const int8_t *input, const int8_t *weights,
                 const int8_t *recurrent, const int32_t *bias, const int32_t *recurrent_bias,
                 const int32_t *scales, const int16_t *table, int8_t *hidden, int16_t *cell,
                 void *scratch, int8_t *output, qmcu_lstm_dot *dot)
{
    const qmcu_lstm_params *const p = params;
    const qmcu_lstm_sizes *const s = &params->sizes;
    const int32_t steps = (s->depth + 3) / 4;
    const int32_t recurrent_steps = (s->units + 3) / 4;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        const int8_t *last = hidden + batch * s->units;
        int16_t *const cells = cell + batch * s->units;
        for (int32_t i = 0; i < s->steps; ++i) {
            const int32_t row = batch * s->batch_rows + i * s->step_rows;
            const int8_t *const from = qmcu_whole_steps(input + row * s->depth, s->depth, scratch);
            const int8_t *const before = qmcu_whole_steps(
                last, s->units, (int8_t *)scratch + (s->depth % 4 ? 4 * steps : 0));
            int8_t *const to = output + row * s->units;
            for (int32_t unit = 0; unit < s->units; ++unit) {
                int32_t sums[QMCU_LSTM_GATES], recurrent_sums[QMCU_LSTM_GATES];
                memcpy(sums, bias + QMCU_LSTM_GATES * unit, sizeof sums);
                memcpy(recurrent_sums, recurrent_bias + QMCU_LSTM_GATES * unit, sizeof sums);
                dot(from, weights + 16 * steps * unit, steps, sums);
                dot(before, recurrent + 16 * recurrent_steps * unit, recurrent_steps,
                    recurrent_sums);
                to[unit] = (int8_t)qmcu_saturate_s8(qmcu_lstm_unit_of(
                    p, sums, recurrent_sums, (const qmcu_scale *)scales, table, cells + unit));
            }
            last = to;
        }
        memcpy(hidden + batch * s->units, last, (size_t)s->units);
    }
}

#endif
