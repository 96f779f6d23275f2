/* A function of two numbers, with broadcasting, and a fused activation. */
#ifndef QMCU_BINARY_S32_H
#define QMCU_BINARY_S32_H

#include "binary.h"

typedef struct {
    qmcu_binary_params binary;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_binary_s32_params;

typedef int32_t (*qmcu_binary_s32_function)(int32_t, int32_t);

/* Of numbers that are not comparable the result stays, as in the interpreter. */
static inline int32_t qmcu_clamp_s32(int32_t value, int32_t minimum, int32_t maximum)
{
    const int32_t raised = value < minimum ? minimum : value;
    return maximum < raised ? maximum : raised;
}

static inline void qmcu_binary_s32(const qmcu_binary_s32_params *params, const int32_t *input1,
                                   const int32_t *input2, int32_t *output,
                                   qmcu_binary_s32_function function)
{
    const qmcu_binary_params *const p = &params->binary;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int32_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int32_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = qmcu_clamp_s32(function(*a, *b), params->activation_minimum,
                                       params->activation_maximum);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}

#endif
