/* lstm for cores without the DSP extension: the four gates of a unit at a time. */
#ifdef __ARM_ARCH_6M__
#include "small.h"
#endif

#include "lstm_scalar.h"

#include "dot_scalar.h"
#include "lstm_cell.h"
#include "output_scalar.h"

/* To 16 bits: of one instruction where the core has it, which the compiler does not see. */
static inline int32_t saturated(int32_t value)
{
#if defined(__ARM_FEATURE_SAT)
    __asm("ssat %0, #16, %0" : "+r"(value)::"cc");
    return value;
#else
    return qmcu_clamp_s16(value, INT16_MIN, INT16_MAX);
#endif
}

/* Adds what the four gates of a unit, `units` rows apart, have of the bytes. */
static void add_gates(int16_t gates[4], const int8_t *from, const int8_t *weights,
                      const int32_t *bias, const int32_t *multipliers, const int32_t *shifts,
                      int32_t units, int32_t depth)
{
    uint32_t sums[4];
    for (int32_t gate = 0; gate < 4; ++gate) {
        sums[gate] = (uint32_t)bias[gate * units];
    }
    qmcu_dot_scalar(from, weights, units * depth, depth, sums);
    for (int32_t gate = 0; gate < 4; ++gate) {
        const int32_t scaled = qmcu_scalar_requantize(sums[gate], multipliers[gate], shifts[gate]);
        gates[gate] = (int16_t)saturated(gates[gate] + saturated(scaled));
    }
}

static inline int32_t requantize(int32_t a, int32_t multiplier, int32_t shift)
{
    return qmcu_scalar_requantize((uint32_t)a, multiplier, shift);
}

void qmcu_lstm_scalar(const qmcu_lstm_scalar_params *params, const int8_t *input,
                      const int8_t *weights, const int8_t *recurrent, const int32_t *bias,
                      const int32_t *recurrent_bias, const int16_t *table, int8_t *hidden,
                      int16_t *cell, int8_t *output)
{
    const qmcu_lstm_params *const p = params;
    const qmcu_lstm_sizes *const s = &params->sizes;
    _Static_assert(QMCU_LSTM_GATES == 4, "the gates that are computed together");
    for (int32_t i = 0; i < s->batches * s->steps; ++i) {
        const int32_t batch = i / s->steps;
        const int32_t row = batch * s->batch_rows + i % s->steps * s->step_rows;
        int8_t *const before = hidden + batch * s->units;
        int8_t *const to = output + row * s->units;
        for (int32_t unit = 0; unit < s->units; ++unit) {
            int16_t gates[4] = {0, 0, 0, 0};
            add_gates(gates, input + row * s->depth, weights + unit * s->depth, bias + unit,
                      p->multipliers, p->shifts, s->units, s->depth);
            add_gates(gates, before, recurrent + unit * s->units, recurrent_bias + unit,
                      p->recurrent_multipliers, p->recurrent_shifts, s->units, s->units);
            to[unit] = qmcu_clamp_s8(
                qmcu_lstm_unit_by(p, gates, table, cell + batch * s->units + unit, requantize),
                INT8_MIN, INT8_MAX);
        }
        for (int32_t unit = 0; unit < s->units; ++unit) {
            before[unit] = to[unit];
        }
    }
}
