#ifndef QMCU_MUL_S16_CMSIS_NN_H
#define QMCU_MUL_S16_CMSIS_NN_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_mul_s16_cmsis_nn_params;

/* mul_s16.h by CMSIS-NN, for inputs of the output's shape. */
void qmcu_mul_s16_cmsis_nn(const qmcu_mul_s16_cmsis_nn_params *params, const int16_t *input1,
                           const int16_t *input2, int16_t *output);

#endif
