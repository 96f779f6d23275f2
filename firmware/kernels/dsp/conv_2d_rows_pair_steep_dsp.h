#ifndef QMCU_CONV_2D_ROWS_PAIR_STEEP_DSP_H
#define QMCU_CONV_2D_ROWS_PAIR_STEEP_DSP_H

#include "conv_2d_rows_dsp.h"

/* conv_2d_rows_pair_dsp.h with any multiplier: 3 instructions more an output. */
typedef qmcu_conv_2d_rows_dsp_params qmcu_conv_2d_rows_pair_steep_dsp_params;

void qmcu_conv_2d_rows_pair_steep_dsp(const qmcu_conv_2d_rows_pair_steep_dsp_params *params,
                                      const int8_t *input, const int16_t *weights,
                                      const int32_t *pairs, void *scratch, int8_t *output);

#endif
