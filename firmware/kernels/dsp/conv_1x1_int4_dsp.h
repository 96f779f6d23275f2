#ifndef QMCU_CONV_1X1_INT4_DSP_H
#define QMCU_CONV_1X1_INT4_DSP_H

#include "conv_1x1_dsp.h"

/* conv_1x1_dsp.h with four filters of int4 in a halfword: half the flash of bytes. */
typedef qmcu_conv_1x1_dsp_params qmcu_conv_1x1_int4_dsp_params;

void qmcu_conv_1x1_int4_dsp(const qmcu_conv_1x1_int4_dsp_params *params, const int8_t *input,
                            const int16_t *weights, const int32_t *pairs, void *scratch,
                            int8_t *output);

#endif
