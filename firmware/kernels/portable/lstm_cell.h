/* What happens to one unit of an LSTM when its four sums are there, in int16. */
#ifndef QMCU_LSTM_CELL_H
#define QMCU_LSTM_CELL_H

#include "accumulate_s16.h"
#include "lstm.h"
#include "sigmoid_s16.h"

/* As qmcu_requantize. */
typedef int32_t qmcu_requantize_function(int32_t a, int32_t multiplier, int32_t shift);

/* The hidden state, without limits: tanh(cell) * output, where cell = forget * cell + input * new.
   gates are sums of scale 2^-12; products are rounded, sums are clamped to int16. */
static inline __attribute__((always_inline)) int32_t
qmcu_lstm_unit_by(const qmcu_lstm_params *p, const int16_t *gates, const int16_t *table,
                  int16_t *cell, qmcu_requantize_function *requantize)
{
    /* 3 steps of the table, with its nine (tanh: eight) more bits, are 2^-12. */
    const int32_t input = qmcu_logistic_of(3 * gates[QMCU_LSTM_INPUT], table);
    const int32_t forget = qmcu_logistic_of(3 * gates[QMCU_LSTM_FORGET], table);
    const int32_t fresh = qmcu_tanh_of(3 * gates[QMCU_LSTM_CELL], table);
    const int32_t out = qmcu_logistic_of(3 * gates[QMCU_LSTM_OUTPUT], table);
    const int32_t kept = requantize(forget * *cell, p->forget_multiplier, p->forget_shift);
    const int32_t added = requantize(input * fresh, p->cell_multiplier, p->cell_shift);
    int32_t sum = qmcu_clamp_s16(kept, INT16_MIN, INT16_MAX);
    sum = qmcu_clamp_s16(sum + qmcu_clamp_s16(added, INT16_MIN, INT16_MAX), INT16_MIN, INT16_MAX);
    if (p->clip >= 0) {
        sum = qmcu_clamp_s16(sum, -p->clip, p->clip);
    }
    *cell = (int16_t)sum;
    const qmcu_sigmoid_s16_params scaling = {1, p->tanh_multiplier, p->tanh_shift};
    const int32_t tanh = qmcu_tanh_of(qmcu_sigmoid_argument(&scaling, *cell), table);
    const int32_t scaled = requantize(tanh * out, p->hidden_multiplier, p->hidden_shift);
    return (int32_t)((uint32_t)scaled + (uint32_t)p->hidden_zero_point);
}

static inline int32_t qmcu_lstm_unit(const qmcu_lstm_params *p, const int16_t *gates,
                                     const int16_t *table, int16_t *cell)
{
    return qmcu_lstm_unit_by(p, gates, table, cell, qmcu_requantize);
}

#endif
