#ifndef QMCU_TRANSPOSE_CONV_S16_QUADS_MVE_H
#define QMCU_TRANSPOSE_CONV_S16_QUADS_MVE_H

#include "transpose_conv_s16_quads.h"

typedef qmcu_transpose_conv_s16_quads_params qmcu_transpose_conv_s16_quads_mve_params;

/* No stride is larger than the kernel. Weights of each phase, row by row: its taps from the last to
   the first, as quads_s16_mve.h says. */
void qmcu_transpose_conv_s16_quads_mve(const qmcu_transpose_conv_s16_quads_mve_params *params,
                                       const int16_t *input, const int8_t *weights,
                                       const int32_t *bias, const int32_t *multipliers,
                                       int16_t *output);

#endif
