#ifndef QMCU_CONV_1X1_FOUR_SMALL_DSP_H
#define QMCU_CONV_1X1_FOUR_SMALL_DSP_H

#include "conv_1x1_by_four_dsp.h"

/* conv_1x1_by_four_dsp.h for any multiplier. */
typedef qmcu_conv_1x1_by_four_dsp_params qmcu_conv_1x1_four_small_dsp_params;

void qmcu_conv_1x1_four_small_dsp(const qmcu_conv_1x1_four_small_dsp_params *params,
                                  const int8_t *input, const int32_t *filters, void *scratch,
                                  int8_t *output);

#endif
