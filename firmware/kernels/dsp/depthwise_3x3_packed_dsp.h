#ifndef QMCU_DEPTHWISE_3X3_PACKED_DSP_H
#define QMCU_DEPTHWISE_3X3_PACKED_DSP_H

#include "depthwise_3x3_dsp.h"

/* One channel: a word for each column of weights, its rows in the lowest bytes; in the highest of the
   first column the shift, of the second the output zero point. */
typedef struct {
    uint32_t columns[3];
    int32_t bias, multiplier;
} qmcu_depthwise_packed;

typedef qmcu_depthwise_3x3_dsp_params qmcu_depthwise_3x3_packed_dsp_params;

/* depthwise_3x3_dsp.h with channels of half the size, which are unpacked four at a time. */
void qmcu_depthwise_3x3_packed_dsp(const qmcu_depthwise_3x3_packed_dsp_params *params,
                                   const int8_t *input, const int32_t *channels, void *scratch,
                                   int8_t *output);

#endif
