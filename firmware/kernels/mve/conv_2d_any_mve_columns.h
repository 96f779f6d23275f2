#ifndef QMCU_CONV_2D_ANY_MVE_COLUMNS_H
#define QMCU_CONV_2D_ANY_MVE_COLUMNS_H

#include "conv_2d_any_mve.h"
#include "conv_2d_mve_columns.h"

typedef qmcu_conv_2d_any_mve_params qmcu_conv_2d_any_mve_columns_params;

/* As qmcu_conv_2d_mve_columns, of filters that are not filled up; weights: as multiply_any_mve.h has them. */
void qmcu_conv_2d_any_mve_columns(const qmcu_conv_2d_any_mve_columns_params *params,
                                  const int8_t *input, const int32_t *weights, void *scratch,
                                  int8_t *output);

#endif
