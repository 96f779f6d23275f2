/* lstm by the vector extension MVE: four units at a time, their gates and states in vectors. */
#include "lstm_mve.h"

#include "lstm_cell_mve.h"

/* One gate of four units: both sums scaled, clamped and added. */
static inline int32x4_t gate_of(const qmcu_lstm_params *p, int32_t gate, int32x4_t sum,
                                int32x4_t recurrent_sum)
{
    sum = qmcu_quad_scaled(sum, p->multipliers[gate], p->shifts[gate], INT16_MIN, INT16_MAX);
    recurrent_sum = qmcu_quad_scaled(recurrent_sum, p->recurrent_multipliers[gate],
                                     p->recurrent_shifts[gate], INT16_MIN, INT16_MAX);
    return qmcu_mve_clamp(vaddq_s32(sum, recurrent_sum), 0, INT16_MIN, INT16_MAX);
}

void qmcu_lstm_mve(const qmcu_lstm_mve_params *params, const int8_t *input, const int8_t *weights,
                   const int8_t *recurrent, const int32_t *bias, const int32_t *recurrent_bias,
                   const int16_t *table, int8_t *hidden, int16_t *cell, int8_t *output)
{
    const qmcu_lstm_params *const p = params;
    const qmcu_lstm_sizes *const s = &params->sizes;
    const int32_t units = s->units, depth = s->depth;
    for (int32_t i = 0; i < s->batches * s->steps; ++i) {
        const int32_t batch = i / s->steps;
        const int32_t row = batch * s->batch_rows + i % s->steps * s->step_rows;
        const int8_t *const from = input + row * depth;
        int8_t *const before = hidden + batch * units;
        int8_t *const to = output + row * units;
        for (int32_t unit = 0; unit < units; unit += 4) {
            const int32_t left = units - unit;
            int32x4_t gates[QMCU_LSTM_GATES];
            for (int32_t gate = 0; gate < QMCU_LSTM_GATES; ++gate) {
                const int32_t n = gate * units + unit;
                gates[gate] = gate_of(
                    p, gate, qmcu_quad_mve(from, weights + n * depth, depth, bias + n, left),
                    qmcu_quad_mve(before, recurrent + n * units, units, recurrent_bias + n, left));
            }
            const mve_pred16_t live = vctp32q((uint32_t)left);
            const int32x4_t fresh =
                qmcu_lstm_units_mve(p, gates, table, cell + batch * units + unit, live);
            vstrbq_p_s32(to + unit, qmcu_mve_clamp(fresh, 0, INT8_MIN, INT8_MAX), live);
        }
        qmcu_mve_copy(before, to, units);
    }
}
