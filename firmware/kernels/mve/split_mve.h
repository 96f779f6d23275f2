#ifndef QMCU_SPLIT_MVE_H
#define QMCU_SPLIT_MVE_H

#include "split.h"

typedef qmcu_split_params qmcu_split_mve_params;

/* As qmcu_split. */
void qmcu_split_mve(const qmcu_split_mve_params *params, const int8_t *input,
                    int8_t *const *outputs);

#endif
