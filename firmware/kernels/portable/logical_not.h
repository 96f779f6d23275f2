#ifndef QMCU_LOGICAL_NOT_H
#define QMCU_LOGICAL_NOT_H

#include "unary.h"

/* The output may lie exactly over the input. */
void qmcu_logical_not(const qmcu_unary_params *params, const uint8_t *input, uint8_t *output);

#endif
