#ifndef QMCU_SOFTMAX_TABLE_S16_MVE_H
#define QMCU_SOFTMAX_TABLE_S16_MVE_H

#include "softmax_table.h"

typedef qmcu_softmax_table_params qmcu_softmax_table_s16_mve_params;

/* As qmcu_softmax_s8_s16. */
void qmcu_softmax_table_s16_mve(const qmcu_softmax_table_s16_mve_params *params,
                                const int8_t *input, const int32_t *table, int16_t *output);

#endif
