#ifndef QMCU_CUMSUM_F32_H
#define QMCU_CUMSUM_F32_H

#include <stdint.h>

typedef struct {
    int32_t rows;      /* product of the dimensions before the axis */
    int32_t length;    /* of the axis */
    int32_t inner;     /* product of the dimensions after it */
    int32_t exclusive; /* 1: an output leaves out the input at its own place */
    int32_t reverse;   /* 1: from the end to the beginning */
} qmcu_cumsum_f32_params;

/* The output may lie exactly over the input. */
void qmcu_cumsum_f32(const qmcu_cumsum_f32_params *params, const float *input, float *output);

#endif
