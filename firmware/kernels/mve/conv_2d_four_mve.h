#ifndef QMCU_CONV_2D_FOUR_MVE_H
#define QMCU_CONV_2D_FOUR_MVE_H

#include "conv_2d_mve.h"

typedef qmcu_conv_2d_mve_params qmcu_conv_2d_four_mve_params;

/* As qmcu_conv_2d_mve, of filters in fours; weights: as multiply_four_mve.h has them. */
void qmcu_conv_2d_four_mve(const qmcu_conv_2d_four_mve_params *params, const int8_t *input,
                           const int32_t *weights, void *scratch, int8_t *output);

#endif
