#ifndef QMCU_PAD_DSP_H
#define QMCU_PAD_DSP_H

#include "pad.h"

typedef qmcu_pad_params qmcu_pad_dsp_params;

/* As qmcu_pad. */
void qmcu_pad_dsp(const qmcu_pad_dsp_params *params, const int8_t *input, int8_t *output);

#endif
