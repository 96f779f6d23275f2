#ifndef QMCU_REDUCE_MAX_ROWS_MVE_H
#define QMCU_REDUCE_MAX_ROWS_MVE_H

#include "reduce_rows.h"

typedef qmcu_reduce_rows_params qmcu_reduce_max_rows_mve_params;

/* input [rows][length], output [rows]: the largest of each row. */
void qmcu_reduce_max_rows_mve(const qmcu_reduce_max_rows_mve_params *params, const int8_t *input,
                              int8_t *output);

#endif
