#ifndef QMCU_TRANSPOSE_CONV_FOUR_DSP_H
#define QMCU_TRANSPOSE_CONV_FOUR_DSP_H

#include "transpose_phases.h"

typedef qmcu_transpose_phases qmcu_transpose_conv_four_dsp_params;

/* input and output NHWC. filters: of each phase as conv_2d_windows_four_dsp.h has them. scratch: what that
   takes of the largest phase, then the staged rows. Reads up to 3 bytes beyond the input (times zero). */
void qmcu_transpose_conv_four_dsp(const qmcu_transpose_conv_four_dsp_params *params,
                                  const int8_t *input, const int32_t *filters, void *scratch,
                                  int8_t *output);

#endif
