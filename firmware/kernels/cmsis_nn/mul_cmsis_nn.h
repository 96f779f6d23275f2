#ifndef QMCU_MUL_CMSIS_NN_H
#define QMCU_MUL_CMSIS_NN_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t input1_zero_point;
    int32_t input2_zero_point;
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_mul_cmsis_nn_params;

/* mul.h by CMSIS-NN, for inputs of the output's shape. */
void qmcu_mul_cmsis_nn(const qmcu_mul_cmsis_nn_params *params, const int8_t *input1,
                       const int8_t *input2, int8_t *output);

#endif
