#ifndef QMCU_SVDF_S16_SCALAR_H
#define QMCU_SVDF_S16_SCALAR_H

#include "svdf_s16.h"

typedef qmcu_svdf_params qmcu_svdf_s16_scalar_params;

/* As qmcu_svdf_s16. */
void qmcu_svdf_s16_scalar(const qmcu_svdf_s16_scalar_params *params, const int8_t *input,
                          const int8_t *features, const int32_t *feature_bias, const int16_t *times,
                          const int32_t *bias, int16_t *state, int8_t *output);

#endif
