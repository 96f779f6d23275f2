#ifndef QMCU_SVDF_SCALAR_H
#define QMCU_SVDF_SCALAR_H

#include "svdf.h"

typedef qmcu_svdf_params qmcu_svdf_scalar_params;

/* As qmcu_svdf. */
void qmcu_svdf_scalar(const qmcu_svdf_scalar_params *params, const int8_t *input,
                      const int8_t *features, const int32_t *feature_bias, const int8_t *times,
                      const int32_t *bias, int8_t *state, int8_t *output);

#endif
