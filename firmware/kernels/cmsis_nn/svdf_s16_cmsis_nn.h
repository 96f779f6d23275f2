#ifndef QMCU_SVDF_S16_CMSIS_NN_H
#define QMCU_SVDF_S16_CMSIS_NN_H

#include "svdf_cmsis_nn.h"

typedef qmcu_svdf_cmsis_nn_params qmcu_svdf_s16_cmsis_nn_params;

/* svdf_s16.h by CMSIS-NN; scratch as for qmcu_svdf_cmsis_nn. */
void qmcu_svdf_s16_cmsis_nn(const qmcu_svdf_s16_cmsis_nn_params *params, const int8_t *input,
                            const int8_t *features, const int16_t *times, const int32_t *bias,
                            int16_t *state, void *scratch, int8_t *output);

#endif
