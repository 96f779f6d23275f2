#ifndef QMCU_REDUCE_MIN_ROWS_DSP_H
#define QMCU_REDUCE_MIN_ROWS_DSP_H

#include "reduce_rows.h"

typedef qmcu_reduce_rows_params qmcu_reduce_min_rows_dsp_params;

/* input [rows][length], output [rows]: the smallest of each row. */
void qmcu_reduce_min_rows_dsp(const qmcu_reduce_min_rows_dsp_params *params, const int8_t *input,
                              int8_t *output);

#endif
