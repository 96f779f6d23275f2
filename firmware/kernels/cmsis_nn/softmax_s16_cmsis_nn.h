#ifndef QMCU_SOFTMAX_S16_CMSIS_NN_H
#define QMCU_SOFTMAX_S16_CMSIS_NN_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t multiplier;
    int32_t shift;
} qmcu_softmax_s16_cmsis_nn_params;

/* softmax_s16.h by CMSIS-NN. */
void qmcu_softmax_s16_cmsis_nn(const qmcu_softmax_s16_cmsis_nn_params *params, const int16_t *input,
                               const int16_t *exponentials, const int16_t *reciprocals,
                               int16_t *output);

#endif
