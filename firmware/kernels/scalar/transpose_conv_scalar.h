#ifndef QMCU_TRANSPOSE_CONV_SCALAR_H
#define QMCU_TRANSPOSE_CONV_SCALAR_H

#include "transpose_conv.h"

typedef qmcu_transpose_conv_params qmcu_transpose_conv_scalar_params;

/* As qmcu_transpose_conv. */
void qmcu_transpose_conv_scalar(const qmcu_transpose_conv_scalar_params *params,
                                const int8_t *input, const int8_t *weights, const int32_t *bias,
                                const int32_t *multipliers, const int8_t *shifts, int8_t *output);

#endif
