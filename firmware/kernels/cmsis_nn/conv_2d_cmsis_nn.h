#ifndef QMCU_CONV_2D_CMSIS_NN_H
#define QMCU_CONV_2D_CMSIS_NN_H

#include "window.h"

#include <stdint.h>

typedef struct {
    qmcu_window window;
    int32_t groups;
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
    int32_t requantization_step; /* not used: one multiplier and shift for each channel */
} qmcu_conv_2d_cmsis_nn_params;

/* conv_2d.h by CMSIS-NN; bias is the plain one, the library adds the zero point. */
void qmcu_conv_2d_cmsis_nn(const qmcu_conv_2d_cmsis_nn_params *params, const int8_t *input,
                           const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                           const int32_t *shifts, void *scratch, int8_t *output);

#endif
