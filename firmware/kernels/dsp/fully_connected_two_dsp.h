#ifndef QMCU_FULLY_CONNECTED_TWO_DSP_H
#define QMCU_FULLY_CONNECTED_TWO_DSP_H

#include "fully_connected_any_dsp.h"

typedef qmcu_fully_connected_any_dsp_params qmcu_fully_connected_two_dsp_params;

/* As qmcu_fully_connected_any_dsp, of two outputs. */
void qmcu_fully_connected_two_dsp(const qmcu_fully_connected_two_dsp_params *params,
                                  const int8_t *input, const int8_t *weights,
                                  const int32_t *channels, int8_t *output);

#endif
