#ifndef QMCU_CONV_2D_MVE_H
#define QMCU_CONV_2D_MVE_H

#include "multiply_mve.h"
#include "window.h"

#include <stdint.h>

typedef struct {
    qmcu_window window;
    int32_t input_zero_point;
    qmcu_multiply_mve_params multiply;
} qmcu_conv_2d_mve_params;

/* input and output NHWC. weights: as qmcu_multiply_mve has them, a window's values column by column,
   [kernel_width][kernel_height][input_depth], the bias less input_zero_point * (sum of weights).
   No dilation. scratch: three windows of 16 * steps bytes unless the width of the output is a multiple
   of four; then, with a column being kernel_height * input_depth bytes, one for each
   x of the padded input, stride_height * input_depth bytes for each row of the output but the first
   where rows overlap, and 16. */
void qmcu_conv_2d_mve(const qmcu_conv_2d_mve_params *params, const int8_t *input,
                      const int32_t *weights, void *scratch, int8_t *output);

/* The same for any multiplier and its weights. */
void qmcu_conv_2d_mve_by(const qmcu_conv_2d_mve_params *params, const int8_t *input,
                         const int32_t *weights, void *scratch, int8_t *output,
                         const qmcu_mve_multiplier *by);

#endif
