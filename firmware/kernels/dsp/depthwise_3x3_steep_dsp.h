#ifndef QMCU_DEPTHWISE_3X3_STEEP_DSP_H
#define QMCU_DEPTHWISE_3X3_STEEP_DSP_H

#include "depthwise_3x3_dsp.h"

typedef qmcu_depthwise_3x3_dsp_params qmcu_depthwise_3x3_steep_dsp_params;

/* depthwise_3x3_dsp.h for any multiplier. With left and s the exponents of a shift to the left and of
   the rounding division, weights and bias are 2^left times as large, rounding is 2^s + (output zero
   point << (s + 1)) and shift s + 1. */
void qmcu_depthwise_3x3_steep_dsp(const qmcu_depthwise_3x3_steep_dsp_params *params,
                                  const int8_t *input, const int32_t *channels, void *scratch,
                                  int8_t *output);

#endif
