#ifndef QMCU_CONV_2D_S16_SCALAR_H
#define QMCU_CONV_2D_S16_SCALAR_H

#include "conv_2d_s16.h"

typedef qmcu_conv_2d_s16_params qmcu_conv_2d_s16_scalar_params;

/* As qmcu_conv_2d_s16. */
void qmcu_conv_2d_s16_scalar(const qmcu_conv_2d_s16_scalar_params *params, const int16_t *input,
                             const int8_t *weights, const int64_t *bias, const int32_t *multipliers,
                             const int8_t *shifts, int16_t *output);

#endif
