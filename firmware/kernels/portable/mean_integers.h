/* The mean of integers that are not quantized. */
#ifndef QMCU_MEAN_INTEGERS_H
#define QMCU_MEAN_INTEGERS_H

#include "reduce.h"

/* The walk as in qmcu_reduce_params. */
typedef struct {
    int32_t kept[QMCU_WALK_RANK];
    int32_t kept_steps[QMCU_WALK_RANK];
    int32_t reduced[QMCU_WALK_RANK];
    int32_t reduced_steps[QMCU_WALK_RANK];
    int32_t count; /* of the elements that make one output */
} qmcu_mean_integers_params;

/* Defines `static type name(p, first)`: the sum modulo 2^64, divided by the count. */
#define QMCU_MEAN_OF_INTEGERS(name, type)                                          \
    static inline type name(const qmcu_mean_integers_params *p, const type *first) \
    {                                                                              \
        const int32_t step = p->reduced_steps[QMCU_WALK_RANK - 1];                 \
        uint64_t sum = 0;                                                          \
        qmcu_walk walk = qmcu_walk_begin();                                        \
        do {                                                                       \
            const type *from = first + qmcu_walk_offset(&walk, p->reduced_steps);  \
            for (int32_t i = 0; i < p->reduced[QMCU_WALK_RANK - 1]; ++i) {         \
                sum += (uint64_t)(int64_t)*from;                                   \
                from += step;                                                      \
            }                                                                      \
        } while (qmcu_walk_next(&walk, p->reduced));                               \
        return (type)((int64_t)sum / p->count);                                    \
    }

#endif
