#ifndef QMCU_CONV_2D_INT4_H
#define QMCU_CONV_2D_INT4_H

#include "conv_2d.h"

typedef qmcu_conv_2d_params qmcu_conv_2d_int4_params;

/* conv_2d with int4 weights, two in a byte, each filter from a whole byte on. scratch: the values of
   one filter, which is all that is ever unpacked. A depthwise convolution is one with as many groups
   as it has input channels. */
void qmcu_conv_2d_int4(const qmcu_conv_2d_int4_params *params, const int8_t *input,
                       const uint8_t *weights, const int32_t *bias, const int32_t *multipliers,
                       const int8_t *shifts, void *scratch, int8_t *output);

#endif
