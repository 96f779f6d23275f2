#ifndef QMCU_SVDF_S16_DSP_H
#define QMCU_SVDF_S16_DSP_H

#include "svdf.h"

typedef qmcu_svdf_params qmcu_svdf_s16_dsp_params;

/* As qmcu_svdf_s16 and qmcu_svdf_dsp. */
void qmcu_svdf_s16_dsp(const qmcu_svdf_s16_dsp_params *params, const int8_t *input,
                       const int8_t *features, const void *feature_bias, const int16_t *times,
                       const int32_t *bias, const int32_t *scales, int16_t *state, void *scratch,
                       int8_t *output);

#endif
