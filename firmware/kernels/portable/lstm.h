#ifndef QMCU_LSTM_H
#define QMCU_LSTM_H

#include <stdint.h>

/* In the order of an array of four: the gates of what comes in, is forgotten, is new, goes out. */
enum { QMCU_LSTM_INPUT, QMCU_LSTM_FORGET, QMCU_LSTM_CELL, QMCU_LSTM_OUTPUT, QMCU_LSTM_GATES };

/* Of tensors [batch][step] or [step][batch]: how many rows further the next one is. */
typedef struct {
    int32_t batches;
    int32_t steps;
    int32_t depth; /* of an input row */
    int32_t units; /* of an output row and of the states */
    int32_t batch_rows;
    int32_t step_rows;
} qmcu_lstm_sizes;

typedef struct {
    qmcu_lstm_sizes sizes;
    int32_t multipliers[4]; /* of sums over the input, to a scale of 2^-12 */
    int32_t shifts[4];
    int32_t recurrent_multipliers[4]; /* of sums over the hidden state */
    int32_t recurrent_shifts[4];
    int32_t forget_multiplier;
    int32_t forget_shift;
    int32_t cell_multiplier;
    int32_t cell_shift;
    int32_t hidden_multiplier;
    int32_t hidden_shift;
    int32_t hidden_zero_point;
    int32_t clip;            /* the largest size of a cell state; -1: no limit */
    int32_t tanh_multiplier; /* from the cell state to 24 * 256 steps of the table for 1 */
    int32_t tanh_shift;
} qmcu_lstm_params;

/* input [][depth], output [][units], hidden and cell [batches][units] are read and written;
   weights [4][units][depth], recurrent [4][units][units]. bias and recurrent_bias [4][units] hold
   the zero points' shares; table is that of sigmoid_s16.h. */
void qmcu_lstm(const qmcu_lstm_params *params, const int8_t *input, const int8_t *weights,
               const int8_t *recurrent, const int32_t *bias, const int32_t *recurrent_bias,
               const int16_t *table, int8_t *hidden, int16_t *cell, int8_t *output);

#endif
