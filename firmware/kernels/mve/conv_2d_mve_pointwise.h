#ifndef QMCU_CONV_2D_MVE_POINTWISE_H
#define QMCU_CONV_2D_MVE_POINTWISE_H

#include "multiply_mve.h"

typedef struct {
    int32_t pixels; /* of all batches */
    int32_t input_depth;
    int32_t backward; /* 1: the last four pixels first */
    qmcu_multiply_mve_params multiply;
} qmcu_conv_2d_mve_pointwise_params;

/* 1x1 windows at stride 1. weights: as qmcu_multiply_mve has them. scratch: 4 * input_depth + 16
   bytes. The output may lie where the input does if it has no more channels or, backward, no fewer. */
void qmcu_conv_2d_mve_pointwise(const qmcu_conv_2d_mve_pointwise_params *params,
                                const int8_t *input, const int32_t *weights, void *scratch,
                                int8_t *output);

/* The same for any multiplier and its weights. */
void qmcu_conv_2d_mve_pointwise_by(const qmcu_conv_2d_mve_pointwise_params *params,
                                   const int8_t *input, const int32_t *weights, void *scratch,
                                   int8_t *output, const qmcu_mve_multiplier *by);

#endif
