#ifndef QMCU_PRELU_DSP_H
#define QMCU_PRELU_DSP_H

#include "walk.h"

#include <stdint.h>

/* How values become outputs: as mul_dsp.c scales products. */
typedef struct {
    int32_t multiplier;
    int32_t left;     /* how far to shift values to the left, at least 1 */
    int32_t rounding; /* 2^s + (output zero point << (s + 1)) */
    int32_t shift;    /* s + 1, s the exponent of the rounding division */
} qmcu_prelu_scale;

typedef struct {
    int32_t shape[QMCU_WALK_RANK];    /* of the output */
    int32_t strides1[QMCU_WALK_RANK]; /* of the input along it; 0 where it is repeated */
    int32_t strides2[QMCU_WALK_RANK]; /* of alpha */
    int32_t along; /* which dimension and the last one are in each other's place in all three */
    int32_t input_zero_point;
    int32_t alpha_zero_point;
    qmcu_prelu_scale positive; /* of inputs */
    qmcu_prelu_scale negative; /* of products with alpha */
} qmcu_prelu_dsp_params;

/* prelu.h. The output may lie exactly over an input that is not repeated. */
void qmcu_prelu_dsp(const qmcu_prelu_dsp_params *params, const int8_t *input, const int8_t *alpha,
                    int8_t *output);

#endif
