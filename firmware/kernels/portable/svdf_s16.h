#ifndef QMCU_SVDF_S16_H
#define QMCU_SVDF_S16_H

#include "svdf.h"

/* As qmcu_svdf, with times and state of 16 bits. */
void qmcu_svdf_s16(const qmcu_svdf_params *params, const int8_t *input, const int8_t *features,
                   const int32_t *feature_bias, const int16_t *times, const int32_t *bias,
                   int16_t *state, int8_t *output);

#endif
