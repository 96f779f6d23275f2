#ifndef QMCU_FULLY_CONNECTED_DSP_H
#define QMCU_FULLY_CONNECTED_DSP_H

#include "dsp.h"

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    int32_t steps; /* input_depth / 4, rounded up */
} qmcu_fully_connected_dsp_params;

/* weights: outputs in fours, in steps of 4 values as qmcu_dot_4x1_s8 wants them, filled up with
   zeros; channels: one for each output, filled up to four. scratch: 8 * steps bytes. */
void qmcu_fully_connected_dsp(const qmcu_fully_connected_dsp_params *params, const int8_t *input,
                              const int8_t *weights, const int32_t *channels, void *scratch,
                              int8_t *output);

#endif
