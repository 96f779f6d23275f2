#ifndef QMCU_NEG_S64_H
#define QMCU_NEG_S64_H

#include "unary.h"

/* The output may lie exactly over the input. */
void qmcu_neg_s64(const qmcu_unary_params *params, const int64_t *input, int64_t *output);

#endif
