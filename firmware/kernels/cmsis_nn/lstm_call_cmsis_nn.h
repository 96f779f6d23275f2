/* What both LSTM adapters do with a gate's two sums, and with the cell. The library adds the second
   sum to the first before it clamps, the interpreter clamps each: so they are computed apart. */
#ifndef QMCU_LSTM_CALL_CMSIS_NN_H
#define QMCU_LSTM_CALL_CMSIS_NN_H

#include "arm_nnfunctions.h"
#include "arm_nnsupportfunctions.h"
#include "lstm_cmsis_nn.h"

/* gate = function(clamp(gate + other)) */
static inline void qmcu_lstm_activate(int16_t *gate, const int16_t *other, int32_t units,
                                      arm_nn_activation_type function)
{
    for (int32_t i = 0; i < units; ++i) {
        const int32_t sum = gate[i] + other[i];
        gate[i] = (int16_t)(sum < INT16_MIN ? INT16_MIN : sum > INT16_MAX ? INT16_MAX : sum);
    }
    (void)arm_nn_activation_s16(gate, gate, units, 0, function);
}

static inline void qmcu_lstm_forget(const qmcu_lstm_params *p, const int16_t *gate, int16_t *cell)
{
    (void)arm_elementwise_mul_s16(gate, cell, 0, 0, cell, 0, p->forget_multiplier, p->forget_shift,
                                  INT16_MIN, INT16_MAX, p->sizes.units);
}

static inline void qmcu_lstm_remember(const qmcu_lstm_params *p, const int16_t *gate,
                                      const int16_t *fresh, int16_t *cell)
{
    const int32_t minimum = p->clip < 0 ? INT16_MIN : -p->clip;
    const int32_t maximum = p->clip < 0 ? INT16_MAX : p->clip;
    (void)arm_elementwise_mul_acc_s16(gate, fresh, 0, 0, cell, 0, p->cell_multiplier, p->cell_shift,
                                      minimum, maximum, p->sizes.units);
}

#endif
