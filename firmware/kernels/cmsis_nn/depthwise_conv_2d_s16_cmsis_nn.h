#ifndef QMCU_DEPTHWISE_CONV_2D_S16_CMSIS_NN_H
#define QMCU_DEPTHWISE_CONV_2D_S16_CMSIS_NN_H

#include "window.h"

#include <stdint.h>

typedef struct {
    qmcu_window window;
    int32_t activation_minimum;
    int32_t activation_maximum;
    int32_t requantization_step; /* not used: one multiplier and shift for each channel */
} qmcu_depthwise_conv_2d_s16_cmsis_nn_params;

/* depthwise_conv_2d_s16.h by CMSIS-NN, for a bias of 64 bits; the multipliers have 31 bits. */
void qmcu_depthwise_conv_2d_s16_cmsis_nn(const qmcu_depthwise_conv_2d_s16_cmsis_nn_params *params,
                                         const int16_t *input, const int8_t *weights,
                                         const int64_t *bias, const int32_t *multipliers,
                                         const int32_t *shifts, void *scratch, int16_t *output);

#endif
