/* Long short-term memory: for each step, of each unit four sums over the input and the hidden
   state, requantized to int16 and added; then lstm_cell.h. */
#ifndef QMCU_LSTM_CODE_H
#define QMCU_LSTM_CODE_H

#include "lstm.h"
#include "accumulate.h"
#include "lstm_cell.h"
#include <string.h>

static inline int16_t requantized(uint32_t sum, int32_t multiplier, int32_t shift)
{
    return qmcu_clamp_s16(qmcu_requantize((int32_t)sum, multiplier, shift), INT16_MIN, INT16_MAX);
}

static inline __attribute__((always_inline)) void
qmcu_lstm_by(const qmcu_lstm_params *params, const int8_t *input, const int8_t *weights,
             const int8_t *recurrent, const int32_t *bias, const int32_t *recurrent_bias,
             const int16_t *table, int8_t *hidden, int16_t *cell, int8_t *output,
             qmcu_dot_function *dot)
{
    const qmcu_lstm_params *const p = params;
    const qmcu_lstm_sizes *const s = &params->sizes;
    for (int32_t i = 0; i < s->batches * s->steps; ++i) {
        const int32_t batch = i / s->steps;
        const int32_t row = batch * s->batch_rows + i % s->steps * s->step_rows;
        const int8_t *const from = input + row * s->depth;
        int8_t *const before = hidden + batch * s->units;
        int8_t *const to = output + row * s->units;
        for (int32_t unit = 0; unit < s->units; ++unit) {
            int16_t gates[QMCU_LSTM_GATES];
            for (int32_t gate = 0; gate < QMCU_LSTM_GATES; ++gate) {
                const int32_t n = gate * s->units + unit;
                const uint32_t sum = dot((uint32_t)bias[n], from, weights + n * s->depth, s->depth);
                const uint32_t recurrent_sum =
                    dot((uint32_t)recurrent_bias[n], before, recurrent + n * s->units, s->units);
                gates[gate] =
                    qmcu_clamp_s16(requantized(sum, p->multipliers[gate], p->shifts[gate]) +
                                       requantized(recurrent_sum, p->recurrent_multipliers[gate],
                                                   p->recurrent_shifts[gate]),
                                   INT16_MIN, INT16_MAX);
            }
            to[unit] =
                qmcu_clamp_s8(qmcu_lstm_unit(p, gates, table, cell + batch * s->units + unit),
                              INT8_MIN, INT8_MAX);
        }
        memcpy(before, to, (size_t)s->units);
    }
}

#endif
