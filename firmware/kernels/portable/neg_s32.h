#ifndef QMCU_NEG_S32_H
#define QMCU_NEG_S32_H

#include "unary.h"

/* The output may lie exactly over the input. */
void qmcu_neg_s32(const qmcu_unary_params *params, const int32_t *input, int32_t *output);

#endif
