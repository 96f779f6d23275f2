#ifndef QMCU_MAXIMUM_DSP_H
#define QMCU_MAXIMUM_DSP_H

#include "maximum.h"

typedef qmcu_maximum_params qmcu_maximum_dsp_params;

/* As qmcu_maximum. */
void qmcu_maximum_dsp(const qmcu_maximum_dsp_params *params, const int8_t *input1,
                      const int8_t *input2, int8_t *output);

#endif
