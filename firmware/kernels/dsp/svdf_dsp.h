#ifndef QMCU_SVDF_DSP_H
#define QMCU_SVDF_DSP_H

#include "svdf.h"

typedef qmcu_svdf_params qmcu_svdf_dsp_params;

/* As qmcu_svdf, four filters at a time: features [filters / 4][steps][4][4] as dot_4_dsp.h has them,
   feature_bias filled up to fours, scales qmcu_scale [2] of the state and of the output, and the unit that
   feature_bias, of int16_t, is counted in; 0: it is of int32_t. scratch holds an input filled up to
   fours. */
void qmcu_svdf_dsp(const qmcu_svdf_dsp_params *params, const int8_t *input, const int8_t *features,
                   const void *feature_bias, const int8_t *times, const int32_t *bias,
                   const int32_t *scales, int8_t *state, void *scratch, int8_t *output);

#endif
