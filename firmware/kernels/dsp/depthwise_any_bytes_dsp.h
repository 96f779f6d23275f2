#ifndef QMCU_DEPTHWISE_ANY_BYTES_DSP_H
#define QMCU_DEPTHWISE_ANY_BYTES_DSP_H

#include "depthwise_any_dsp.h"

typedef qmcu_depthwise_any_dsp_params qmcu_depthwise_any_bytes_dsp_params;

/* depthwise_any_dsp.h with weights as bytes: for each 4 output channels, filled up, and each two taps
   bytes of channels 0 and 1 of the first and of the second tap, then of channels 2 and 3. */
void qmcu_depthwise_any_bytes_dsp(const qmcu_depthwise_any_bytes_dsp_params *params,
                                  const int8_t *input, const int8_t *weights,
                                  const int32_t *channels, void *scratch, int8_t *output);

#endif
