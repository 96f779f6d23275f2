/* Long short-term memory of real numbers, each step rounded as the interpreter rounds it; sums in
   the order of memory, and then within the finite numbers. */
#include "lstm_f32.h"

#include "hyperbolic.h"
#include "exponential.h"

#include <float.h>
#include <string.h>

static float finite(float value)
{
    const float raised = value < -FLT_MAX ? -FLT_MAX : value;
    return FLT_MAX < raised ? FLT_MAX : raised;
}

static float sum_of(const float *a, const float *b, int32_t count, float bias)
{
    float sum = 0.0f;
    for (int32_t i = 0; i < count; ++i) {
        sum += a[i] * b[i];
    }
    return finite(sum + bias);
}

/* tanh(cell) * output, where cell = forget * cell + input * new. */
static float unit_of(const float *gates, float clip, float *cell)
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

void qmcu_lstm_f32(const qmcu_lstm_f32_params *params, const float *input, const float *weights,
                   const float *recurrent, const float *bias, float *hidden, float *cell,
                   float *output)
{
    const qmcu_lstm_sizes *const s = &params->sizes;
    for (int32_t i = 0; i < s->batches * s->steps; ++i) {
        const int32_t batch = i / s->steps;
        const int32_t row = batch * s->batch_rows + i % s->steps * s->step_rows;
        const float *const from = input + row * s->depth;
        float *const before = hidden + batch * s->units;
        float *const to = output + row * s->units;
        for (int32_t unit = 0; unit < s->units; ++unit) {
            float gates[QMCU_LSTM_GATES];
            for (int32_t gate = 0; gate < QMCU_LSTM_GATES; ++gate) {
                const int32_t n = gate * s->units + unit;
                gates[gate] = sum_of(weights + n * s->depth, from, s->depth, bias[n]) +
                              sum_of(recurrent + n * s->units, before, s->units, 0.0f);
            }
            to[unit] = unit_of(gates, params->clip, cell + batch * s->units + unit);
        }
        memcpy(before, to, (size_t)s->units * sizeof *to);
    }
}
