#ifndef QMCU_DEPTHWISE_EVEN_DSP_H
#define QMCU_DEPTHWISE_EVEN_DSP_H

#include "depthwise_any_dsp.h"

typedef qmcu_depthwise_any_dsp_params qmcu_depthwise_even_dsp_params;

/* depthwise_any_bytes_dsp.h for even depth multipliers; rows in scratch are of input channels. */
void qmcu_depthwise_even_dsp(const qmcu_depthwise_even_dsp_params *params, const int8_t *input,
                             const int8_t *weights, const int32_t *channels, void *scratch,
                             int8_t *output);

#endif
