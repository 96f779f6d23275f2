/* lstm_cell.h on four units at a time. */
#ifndef QMCU_LSTM_CELL_MVE_H
#define QMCU_LSTM_CELL_MVE_H

#include "lstm.h"
#include "quad_mve.h"
#include "sigmoid_mve.h"

static inline int32x4_t qmcu_lstm_three_times(int32x4_t gate)
{
    return vaddq_s32(vshlq_n_s32(gate, 1), gate);
}

/* The hidden state of four units, without limits. */
static inline int32x4_t qmcu_lstm_units_mve(const qmcu_lstm_params *p, const int32x4_t *gates,
                                            const int16_t *table, int16_t *cell, mve_pred16_t live)
{
    const int32x4_t input = qmcu_logistic_mve(qmcu_lstm_three_times(gates[QMCU_LSTM_INPUT]), table);
    const int32x4_t forget =
        qmcu_logistic_mve(qmcu_lstm_three_times(gates[QMCU_LSTM_FORGET]), table);
    const int32x4_t fresh = qmcu_tanh_mve(qmcu_lstm_three_times(gates[QMCU_LSTM_CELL]), table);
    const int32x4_t out = qmcu_logistic_mve(qmcu_lstm_three_times(gates[QMCU_LSTM_OUTPUT]), table);
    const int32x4_t kept =
        qmcu_quad_scaled(vmulq_s32(forget, vldrhq_z_s32(cell, live)), p->forget_multiplier,
                         p->forget_shift, INT16_MIN, INT16_MAX);
    const int32x4_t added = qmcu_quad_scaled(vmulq_s32(input, fresh), p->cell_multiplier,
                                             p->cell_shift, INT16_MIN, INT16_MAX);
    int32x4_t sum = qmcu_mve_clamp(vaddq_s32(kept, added), 0, INT16_MIN, INT16_MAX);
    if (p->clip >= 0) {
        sum = qmcu_mve_clamp(sum, 0, -p->clip, p->clip);
    }
    vstrhq_p_s32(cell, sum, live);
    const qmcu_sigmoid_s16_params scaling = {4, p->tanh_multiplier, p->tanh_shift};
    const int32x4_t argument = qmcu_sigmoid_argument_mve(&scaling, sum);
    const int32x4_t scaled =
        qmcu_mve_requantize(vmulq_s32(qmcu_tanh_mve(argument, table), out),
                            vdupq_n_s32(p->hidden_multiplier), vdupq_n_s32(p->hidden_shift));
    return vaddq_n_s32(scaled, p->hidden_zero_point);
}

#endif
