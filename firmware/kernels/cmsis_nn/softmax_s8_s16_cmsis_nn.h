#ifndef QMCU_SOFTMAX_S8_S16_CMSIS_NN_H
#define QMCU_SOFTMAX_S8_S16_CMSIS_NN_H

#include "softmax_cmsis_nn.h"

typedef qmcu_softmax_cmsis_nn_params qmcu_softmax_s8_s16_cmsis_nn_params;

/* softmax_s8_s16.h by CMSIS-NN. */
void qmcu_softmax_s8_s16_cmsis_nn(const qmcu_softmax_s8_s16_cmsis_nn_params *params,
                                  const int8_t *input, int16_t *output);

#endif
