/* A kernel of a function of two elements, of any type, with broadcasting. */
#ifndef QMCU_BINARY_CODE_H
#define QMCU_BINARY_CODE_H

#include "binary.h"

/* Defines `void name(params, input1, input2, output)`: `function` of each two elements. */
#define QMCU_BINARY(name, type, function)                                               \
    void name(const qmcu_binary_params *params, const type *input1, const type *input2, \
              type *output)                                                             \
    {                                                                                   \
        const qmcu_binary_params *const p = params;                                     \
        const int32_t length = p->shape[QMCU_WALK_RANK - 1];                            \
        const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];                          \
        const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];                          \
        qmcu_walk walk = qmcu_walk_begin();                                             \
        do {                                                                            \
            const type *a = input1 + qmcu_walk_offset(&walk, p->strides1);              \
            const type *b = input2 + qmcu_walk_offset(&walk, p->strides2);              \
            for (int32_t i = 0; i < length; ++i) {                                      \
                *output++ = function(*a, *b);                                           \
                a += step1;                                                             \
                b += step2;                                                             \
            }                                                                           \
        } while (qmcu_walk_next(&walk, p->shape));                                      \
    }

#endif
