#ifndef QMCU_TRANSPOSE_CONV_ANY_DSP_H
#define QMCU_TRANSPOSE_CONV_ANY_DSP_H

#include "transpose_phases.h"

typedef struct {
    qmcu_transpose_phases phases;
    int32_t output_zero_point;
} qmcu_transpose_conv_any_dsp_params;

/* transpose_conv_four_dsp.h for sums and multipliers of any size. weights: of each phase its weights, filled
   up to a word with what is read behind them, then its channels, as conv_2d_any_dsp.h has them. */
void qmcu_transpose_conv_any_dsp(const qmcu_transpose_conv_any_dsp_params *params,
                                 const int8_t *input, const int32_t *weights, void *scratch,
                                 int8_t *output);

#endif
