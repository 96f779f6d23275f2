#ifndef QMCU_QUANTIZE_F32_S8_MVE_H
#define QMCU_QUANTIZE_F32_S8_MVE_H

#include <stdint.h>

typedef struct {
    int32_t size;
    float scale;
    int32_t zero_point;
    float low; /* what the least byte stands for, and the largest */
    float high;
    float reciprocal; /* of the scale, rounded */
    float rest;       /* what that is too small by */
} qmcu_quantize_f32_s8_mve_params;

/* The output may lie exactly over the input. */
void qmcu_quantize_f32_s8_mve(const qmcu_quantize_f32_s8_mve_params *params, const float *input,
                              int8_t *output);

#endif
