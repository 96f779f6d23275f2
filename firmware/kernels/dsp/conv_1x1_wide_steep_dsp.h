#ifndef QMCU_CONV_1X1_WIDE_STEEP_DSP_H
#define QMCU_CONV_1X1_WIDE_STEEP_DSP_H

#include "conv_1x1_dsp.h"

/* conv_1x1_wide_dsp.h with any multiplier: 3 instructions more an output. */
typedef qmcu_conv_1x1_dsp_params qmcu_conv_1x1_wide_steep_dsp_params;

void qmcu_conv_1x1_wide_steep_dsp(const qmcu_conv_1x1_wide_steep_dsp_params *params,
                                  const int8_t *input, const int16_t *weights, const int32_t *pairs,
                                  void *scratch, int8_t *output);

#endif
