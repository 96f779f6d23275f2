#ifndef QMCU_FULLY_CONNECTED_SHARED_DSP_H
#define QMCU_FULLY_CONNECTED_SHARED_DSP_H

#include "fully_connected_pair_dsp.h"

typedef qmcu_fully_connected_pair_dsp_params qmcu_fully_connected_shared_dsp_params;

/* fully_connected_pair_dsp.h with one scale for all filters, in `params`; of each four `sums` has what
   the sums begin with. */
void qmcu_fully_connected_shared_dsp(const qmcu_fully_connected_shared_dsp_params *params,
                                     const int8_t *input, const int16_t *weights,
                                     const int32_t *sums, int8_t *output);

#endif
