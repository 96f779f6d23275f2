/* Two inputs with broadcasting, one output for each pair. */
#ifndef QMCU_PAIRS_H
#define QMCU_PAIRS_H

#include "walk.h"

/* Runs *output++ = one(p, a, b) for every pair; the parameters hold shape, strides1 and strides2. */
#define QMCU_PAIRS(type, one, p, input1, input2, output)                       \
    do {                                                                       \
        const int32_t length = (p)->shape[QMCU_WALK_RANK - 1];                 \
        const int32_t step1 = (p)->strides1[QMCU_WALK_RANK - 1];               \
        const int32_t step2 = (p)->strides2[QMCU_WALK_RANK - 1];               \
        qmcu_walk walk = qmcu_walk_begin();                                    \
        do {                                                                   \
            const type *a = (input1) + qmcu_walk_offset(&walk, (p)->strides1); \
            const type *b = (input2) + qmcu_walk_offset(&walk, (p)->strides2); \
            for (int32_t i = 0; i < length; ++i) {                             \
                *(output)++ = one((p), *a, *b);                                \
                a += step1;                                                    \
                b += step2;                                                    \
            }                                                                  \
        } while (qmcu_walk_next(&walk, (p)->shape));                           \
    } while (0)

#endif
