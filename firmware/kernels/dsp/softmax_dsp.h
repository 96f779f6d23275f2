#ifndef QMCU_SOFTMAX_DSP_H
#define QMCU_SOFTMAX_DSP_H

#include "softmax.h"

typedef qmcu_softmax_params qmcu_softmax_dsp_params;

/* As qmcu_softmax. */
void qmcu_softmax_dsp(const qmcu_softmax_dsp_params *params, const int8_t *input, int8_t *output);

#endif
