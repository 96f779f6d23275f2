#ifndef QMCU_STRIDED_COPY_PAIRS_DSP_H
#define QMCU_STRIDED_COPY_PAIRS_DSP_H

#include "strided_copy.h"

typedef qmcu_strided_copy_params qmcu_strided_copy_pairs_dsp_params;

/* As qmcu_strided_copy. */
void qmcu_strided_copy_pairs_dsp(const qmcu_strided_copy_pairs_dsp_params *params,
                                 const int8_t *input, int8_t *output);

#endif
