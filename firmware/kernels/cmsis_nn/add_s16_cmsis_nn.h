#ifndef QMCU_ADD_S16_CMSIS_NN_H
#define QMCU_ADD_S16_CMSIS_NN_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t input1_multiplier;
    int32_t input1_shift;
    int32_t input2_multiplier;
    int32_t input2_shift;
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_add_s16_cmsis_nn_params;

/* add_s16.h by CMSIS-NN, for inputs of the output's shape. */
void qmcu_add_s16_cmsis_nn(const qmcu_add_s16_cmsis_nn_params *params, const int16_t *input1,
                           const int16_t *input2, int16_t *output);

#endif
