#ifndef QMCU_CONV_2D_GROUPS_S16_QUADS_SCALAR_H
#define QMCU_CONV_2D_GROUPS_S16_QUADS_SCALAR_H

#include "conv_2d_groups_s16_quads.h"

typedef qmcu_conv_2d_groups_s16_quads_params qmcu_conv_2d_groups_s16_quads_scalar_params;

/* As qmcu_conv_2d_s16; weights of each group as quads_s16_scalar.h says; scratch holds
   two windows of a group, filled up to fours, where they are no pixels. */
void qmcu_conv_2d_groups_s16_quads_scalar(const qmcu_conv_2d_groups_s16_quads_scalar_params *params,
                                          const int16_t *input, const int8_t *weights,
                                          const int32_t *bias, const int32_t *multipliers,
                                          void *scratch, int16_t *output);

#endif
