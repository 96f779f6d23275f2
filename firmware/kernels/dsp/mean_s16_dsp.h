#ifndef QMCU_MEAN_S16_DSP_H
#define QMCU_MEAN_S16_DSP_H

#include "mean.h"

typedef qmcu_mean_params qmcu_mean_s16_dsp_params;

/* As qmcu_mean_s16. */
void qmcu_mean_s16_dsp(const qmcu_mean_s16_dsp_params *params, const int16_t *input,
                       int16_t *output);

#endif
