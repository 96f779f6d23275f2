#ifndef QMCU_CONV_2D_ANY_MVE_POINTWISE_H
#define QMCU_CONV_2D_ANY_MVE_POINTWISE_H

#include "conv_2d_mve_pointwise.h"

typedef qmcu_conv_2d_mve_pointwise_params qmcu_conv_2d_any_mve_pointwise_params;

/* As qmcu_conv_2d_mve_pointwise, of filters that are not filled up; weights: as multiply_any_mve.h has them. */
void qmcu_conv_2d_any_mve_pointwise(const qmcu_conv_2d_any_mve_pointwise_params *params,
                                    const int8_t *input, const int32_t *weights, void *scratch,
                                    int8_t *output);

#endif
