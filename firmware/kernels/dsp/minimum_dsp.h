#ifndef QMCU_MINIMUM_DSP_H
#define QMCU_MINIMUM_DSP_H

#include "minimum.h"

typedef qmcu_minimum_params qmcu_minimum_dsp_params;

/* As qmcu_minimum. */
void qmcu_minimum_dsp(const qmcu_minimum_dsp_params *params, const int8_t *input1,
                      const int8_t *input2, int8_t *output);

#endif
