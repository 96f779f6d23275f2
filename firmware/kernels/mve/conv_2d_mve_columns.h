#ifndef QMCU_CONV_2D_MVE_COLUMNS_H
#define QMCU_CONV_2D_MVE_COLUMNS_H

#include "conv_2d_mve.h"

typedef qmcu_conv_2d_mve_params qmcu_conv_2d_mve_columns_params;

/* As qmcu_conv_2d_mve, also with dilation; a window's values row by row, [kernel_height]
   [kernel_width][input_depth]. scratch: four windows of 16 * steps bytes. */
void qmcu_conv_2d_mve_columns(const qmcu_conv_2d_mve_columns_params *params, const int8_t *input,
                              const int32_t *weights, void *scratch, int8_t *output);

/* The same for any multiplier and its weights. */
void qmcu_conv_2d_mve_columns_by(const qmcu_conv_2d_mve_columns_params *params, const int8_t *input,
                                 const int32_t *weights, void *scratch, int8_t *output,
                                 const qmcu_mve_multiplier *by);

#endif
