#ifndef QMCU_CONV_1X1_FEW_MVE_H
#define QMCU_CONV_1X1_FEW_MVE_H

#include "channel_mve.h"

typedef struct {
    int32_t pixels; /* of all batches */
    int32_t depth;
    int32_t filters;
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_conv_1x1_few_mve_params;

/* 1x1 windows at stride 1, weights [filters][depth filled up to vectors]; the input zero point is in the biases of
   `channels`, a qmcu_mve_channel of each filter. Up to 15 bytes behind the input are read. The output of one
   filter may lie where the input does. */
void qmcu_conv_1x1_few_mve(const qmcu_conv_1x1_few_mve_params *params, const int8_t *input,
                           const int8_t *weights, const int32_t *channels, int8_t *output);

#endif
