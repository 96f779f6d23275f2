#ifndef QMCU_CONV_2D_DSP_H
#define QMCU_CONV_2D_DSP_H

#include "columns_dsp.h"
#include "dsp.h"

/* input and output NHWC. weights: filters in pairs, in steps of 4 values as qmcu_multiply_s8 wants
   them, filled up with zeros; channels: one for each filter, filled up to a pair. scratch: two
   columns as halfwords (16 * steps bytes), then one as bytes (4 * steps). */
void qmcu_conv_2d_dsp(const qmcu_conv_2d_dsp_params *params, const int8_t *input,
                      const int8_t *weights, const int32_t *channels, void *scratch,
                      int8_t *output);

#endif
