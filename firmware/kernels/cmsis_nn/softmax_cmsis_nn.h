#ifndef QMCU_SOFTMAX_CMSIS_NN_H
#define QMCU_SOFTMAX_CMSIS_NN_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t multiplier;
    int32_t shift;
    int32_t minimum_difference;
} qmcu_softmax_cmsis_nn_params;

/* softmax.h by CMSIS-NN. */
void qmcu_softmax_cmsis_nn(const qmcu_softmax_cmsis_nn_params *params, const int8_t *input,
                           int8_t *output);

#endif
