#ifndef QMCU_CONV_2D_GROUPS_S16_QUADS_MVE_H
#define QMCU_CONV_2D_GROUPS_S16_QUADS_MVE_H

#include "conv_2d_groups_s16_quads.h"

typedef qmcu_conv_2d_groups_s16_quads_params qmcu_conv_2d_groups_s16_quads_mve_params;

/* As qmcu_conv_2d_s16; weights of each group as quads_s16_mve.h says, bias and multipliers filled up
   to fours behind the last group; scratch holds a window of a group and 16 bytes, where it is no pixel. */
void qmcu_conv_2d_groups_s16_quads_mve(const qmcu_conv_2d_groups_s16_quads_mve_params *params,
                                       const int16_t *input, const int8_t *weights,
                                       const int32_t *bias, const int32_t *multipliers,
                                       void *scratch, int16_t *output);

#endif
