#ifndef QMCU_CONV_2D_GROUPS_MVE_H
#define QMCU_CONV_2D_GROUPS_MVE_H

#include "conv_2d_mve.h"

typedef struct {
    qmcu_conv_2d_mve_params group; /* multiply: of the filters of one */
    int32_t groups;
    int32_t depth; /* input channels of a group */
    int32_t words; /* of a group's weights */
} qmcu_conv_2d_groups_mve_params;

/* Convolution of groups of channels, one after the other, by four windows at a time, wherever they are.
   weights: of each group as qmcu_multiply_mve has them, a window's values row by row, [kernel_height]
   [kernel_width][depth]. scratch: four windows of 16 * steps bytes, four outputs of a group, 16. */
void qmcu_conv_2d_groups_mve(const qmcu_conv_2d_groups_mve_params *params, const int8_t *input,
                             const int32_t *weights, void *scratch, int8_t *output);

#endif
