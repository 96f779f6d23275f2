/* A function of two numbers, with broadcasting, and a fused activation. */
#ifndef QMCU_BINARY_F32_H
#define QMCU_BINARY_F32_H

#include "binary.h"
#include "clamp_f32.h"

typedef struct {
    qmcu_binary_params binary;
    float activation_minimum;
    float activation_maximum;
} qmcu_binary_f32_params;

typedef float (*qmcu_binary_f32_function)(float, float);

static inline void qmcu_binary_f32(const qmcu_binary_f32_params *params, const float *input1,
                                   const float *input2, float *output,
                                   qmcu_binary_f32_function function)
{
    const qmcu_binary_params *const p = &params->binary;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const float *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const float *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = qmcu_clamp_f32(function(*a, *b), params->activation_minimum,
                                       params->activation_maximum);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}

#endif
