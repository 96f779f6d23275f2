#ifndef QMCU_REDUCE_MIN_ROWS_MVE_H
#define QMCU_REDUCE_MIN_ROWS_MVE_H

#include "reduce_rows.h"

typedef qmcu_reduce_rows_params qmcu_reduce_min_rows_mve_params;

/* input [rows][length], output [rows]: the smallest of each row. */
void qmcu_reduce_min_rows_mve(const qmcu_reduce_min_rows_mve_params *params, const int8_t *input,
                              int8_t *output);

#endif
