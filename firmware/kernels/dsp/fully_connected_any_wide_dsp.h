#ifndef QMCU_FULLY_CONNECTED_ANY_WIDE_DSP_H
#define QMCU_FULLY_CONNECTED_ANY_WIDE_DSP_H

#include "fully_connected_any_dsp.h"

typedef qmcu_fully_connected_any_dsp_params qmcu_fully_connected_any_wide_dsp_params;

/* fully_connected_any_dsp.h; of the outputs that are no four each step's weights are the halfwords of
   bytes 0 and 2 and of 1 and 3, twice the flash. */
void qmcu_fully_connected_any_wide_dsp(const qmcu_fully_connected_any_wide_dsp_params *params,
                                       const int8_t *input, const int8_t *weights,
                                       const int32_t *channels, int8_t *output);

#endif
