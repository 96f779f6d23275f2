/* Long short-term memory of real numbers, each step rounded as the interpreter rounds it; sums in
   the order of memory, and then within the finite numbers. */
#ifndef QMCU_LSTM_F32_CODE_H
#define QMCU_LSTM_F32_CODE_H

#include "lstm_f32.h"

#include "hyperbolic.h"
#include "exponential.h"

#include <float.h>
#include <string.h>

static inline float finite(float value)
{
    const float raised = value < -FLT_MAX ? -FLT_MAX : value;
    return FLT_MAX < raised ? FLT_MAX : raised;
}

/* tanh(cell) * output, where cell = forget * cell + input * new. */
static inline float unit_of(const float *gates, float clip, float *cell)
{
    const float kept = finite(qmcu_logistic(gates[QMCU_LSTM_FORGET]) * *cell);
    const float fresh = qmcu_tanh(gates[QMCU_LSTM_CELL]);
    float sum = kept + finite(qmcu_logistic(gates[QMCU_LSTM_INPUT]) * fresh);
    if (clip > 0.0f) {
        sum = sum < clip ? sum : clip;
        sum = sum < -clip ? -clip : sum;
    }
    *cell = sum;
    return finite(qmcu_tanh(sum) * qmcu_logistic(gates[QMCU_LSTM_OUTPUT]));
}

/* Adds to four sums, one a gate of `unit`, the products of `count` values with its weights, which lie as the
   kernel has them. */
typedef void qmcu_gates_f32(const float *values, const float *weights, int32_t unit, int32_t units,
                            int32_t count, float *sums);

static inline __attribute__((always_inline)) void
qmcu_lstm_f32_by(const qmcu_lstm_f32_params *params, const float *input, const float *weights,
                 const float *recurrent, const float *bias, float *hidden, float *cell,
                 float *output, qmcu_gates_f32 *gates_of)
{
    const qmcu_lstm_sizes *const s = &params->sizes;
    for (int32_t i = 0; i < s->batches * s->steps; ++i) {
        const int32_t batch = i / s->steps;
        const int32_t row = batch * s->batch_rows + i % s->steps * s->step_rows;
        const float *const from = input + row * s->depth;
        float *const before = hidden + batch * s->units;
        float *const to = output + row * s->units;
        for (int32_t unit = 0; unit < s->units; ++unit) {
            float gates[QMCU_LSTM_GATES] = {0.0f, 0.0f, 0.0f, 0.0f};
            float again[QMCU_LSTM_GATES] = {0.0f, 0.0f, 0.0f, 0.0f};
            gates_of(from, weights, unit, s->units, s->depth, gates);
            gates_of(before, recurrent, unit, s->units, s->units, again);
            for (int32_t gate = 0; gate < QMCU_LSTM_GATES; ++gate) {
                gates[gate] =
                    finite(gates[gate] + bias[gate * s->units + unit]) + finite(again[gate] + 0.0f);
            }
            to[unit] = unit_of(gates, params->clip, cell + batch * s->units + unit);
        }
        memcpy(before, to, (size_t)s->units * sizeof *to);
    }
}

#endif
