#ifndef QMCU_CONV_2D_GROUPS_MVE_H
#define QMCU_CONV_2D_GROUPS_MVE_H

#include "conv_2d_any_mve.h"

typedef struct {
    qmcu_conv_2d_any_mve_params shape;
    int32_t groups;
} qmcu_conv_2d_groups_mve_params;

/* Convolution of groups of channels, one after the other, by four windows at a time, wherever they are.
   weights: as multiply_any_mve.h has them, first the channels of all groups; a window's values row by row,
   [kernel_height][kernel_width][depth]. scratch: four windows, four outputs of a group, 16 bytes. */
void qmcu_conv_2d_groups_mve(const qmcu_conv_2d_groups_mve_params *params, const int8_t *input,
                             const int32_t *weights, void *scratch, int8_t *output);

#endif
