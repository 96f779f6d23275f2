#ifndef QMCU_DEPTHWISE_3X3_INT4_DSP_H
#define QMCU_DEPTHWISE_3X3_INT4_DSP_H
#include "depthwise_3x3_dsp.h"

typedef qmcu_depthwise_3x3_dsp_params qmcu_depthwise_3x3_int4_dsp_params;

/* depthwise_3x3_dsp.h with int4 weights: 16 bytes a channel instead of 40. */
void qmcu_depthwise_3x3_int4_dsp(const qmcu_depthwise_3x3_int4_dsp_params *params,
                                 const int8_t *input, const int32_t *channels, void *scratch,
                                 int8_t *output);
#endif
