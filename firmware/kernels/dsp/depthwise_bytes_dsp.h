#ifndef QMCU_DEPTHWISE_BYTES_DSP_H
#define QMCU_DEPTHWISE_BYTES_DSP_H

#include "depthwise_conv_2d_dsp.h"

typedef struct {
    qmcu_depthwise_conv_2d_dsp_params shape;
    int32_t rounding; /* 2 * output zero point + 1 */
} qmcu_depthwise_bytes_dsp_params;

/* depthwise_conv_2d_dsp.h with weights as bytes. filters: of each four channels four biases; for each
   two taps bytes of channels 0 and 1 of the first and of the second tap, then of channels 2 and 3; four
   multipliers; bytes of shift - 1. */
void qmcu_depthwise_bytes_dsp(const qmcu_depthwise_bytes_dsp_params *params, const int8_t *input,
                              const int32_t *filters, void *scratch, int8_t *output);

#endif
