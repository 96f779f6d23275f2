#ifndef QMCU_CONV_2D_INT4_MVE_COLUMNS_H
#define QMCU_CONV_2D_INT4_MVE_COLUMNS_H

#include "conv_2d_mve_columns.h"

typedef qmcu_conv_2d_mve_columns_params qmcu_conv_2d_int4_mve_columns_params;

/* conv_2d_mve_columns.h with int4 weights as multiply_int4_mve.h has them. */
void qmcu_conv_2d_int4_mve_columns(const qmcu_conv_2d_int4_mve_columns_params *params,
                                   const int8_t *input, const int32_t *weights, void *scratch,
                                   int8_t *output);

#endif
