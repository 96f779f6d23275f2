#ifndef QMCU_TRANSPOSE_CONV_S16_WINDOWS_DSP_H
#define QMCU_TRANSPOSE_CONV_S16_WINDOWS_DSP_H

#include "transpose_conv_s16_quads.h"

typedef qmcu_transpose_conv_s16_quads_params qmcu_transpose_conv_s16_windows_dsp_params;

/* As qmcu_transpose_conv_s16_quads_dsp, of any depth: weights of each phase as
   qmcu_quads_even_s16_dsp takes them; scratch holds the largest window of a phase, filled up to
   fours. */
void qmcu_transpose_conv_s16_windows_dsp(const qmcu_transpose_conv_s16_windows_dsp_params *params,
                                         const int16_t *input, const int8_t *weights,
                                         const int32_t *bias, const int32_t *multipliers,
                                         void *scratch, int16_t *output);

#endif
