#ifndef QMCU_SLOPES_S16_DSP_H
#define QMCU_SLOPES_S16_DSP_H

#include "slopes_s16.h"

typedef qmcu_slopes_s16_params qmcu_slopes_s16_dsp_params;

/* The output may lie exactly over the input. */
void qmcu_slopes_s16_dsp(const qmcu_slopes_s16_dsp_params *params, const int16_t *input,
                         int16_t *output);

#endif
