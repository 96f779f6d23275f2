#ifndef QMCU_SOFTMAX_TABLE_SCALAR_H
#define QMCU_SOFTMAX_TABLE_SCALAR_H

#include "softmax_table.h"

typedef qmcu_softmax_table_params qmcu_softmax_table_scalar_params;

/* As qmcu_softmax. */
void qmcu_softmax_table_scalar(const qmcu_softmax_table_scalar_params *params, const int8_t *input,
                               const int32_t *table, int8_t *output);

#endif
