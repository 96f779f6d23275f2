/* A reduction over any dimensions: the shape of the walk that its kernels share. */
#ifndef QMCU_REDUCE_H
#define QMCU_REDUCE_H

#include <stdint.h>

#include "walk.h"

/* The input as kept dimensions, one output each, and reduced dimensions, taken together for each
   output in the order of memory; steps are the distances of neighbours, in elements. */
typedef struct {
    int32_t kept[QMCU_WALK_RANK];
    int32_t kept_steps[QMCU_WALK_RANK];
    int32_t reduced[QMCU_WALK_RANK];
    int32_t reduced_steps[QMCU_WALK_RANK];
} qmcu_reduce_params;

/* Defines `static type name(p, first)`, which makes one output: `combine` of the `value` so far and
   each `item`. The parameters have at least the fields of qmcu_reduce_params. */
#define QMCU_REDUCE_ONE(name, params_type, type, initial, combine)                \
    static inline type name(const params_type *p, const type *first)              \
    {                                                                             \
        const int32_t length = p->reduced[QMCU_WALK_RANK - 1];                    \
        const int32_t step = p->reduced_steps[QMCU_WALK_RANK - 1];                \
        type value = (initial);                                                   \
        qmcu_walk walk = qmcu_walk_begin();                                       \
        do {                                                                      \
            const type *from = first + qmcu_walk_offset(&walk, p->reduced_steps); \
            for (int32_t i = 0; i < length; ++i) {                                \
                const type item = *from;                                          \
                value = (combine);                                                \
                from += step;                                                     \
            }                                                                     \
        } while (qmcu_walk_next(&walk, p->reduced));                              \
        return value;                                                             \
    }

/* Runs `one` for every output. */
#define QMCU_REDUCE_ALL(type, one, p, input, output)                                     \
    do {                                                                                 \
        const int32_t kept_length = (p)->kept[QMCU_WALK_RANK - 1];                       \
        const int32_t kept_step = (p)->kept_steps[QMCU_WALK_RANK - 1];                   \
        qmcu_walk kept_walk = qmcu_walk_begin();                                         \
        do {                                                                             \
            const type *first = (input) + qmcu_walk_offset(&kept_walk, (p)->kept_steps); \
            for (int32_t k = 0; k < kept_length; ++k) {                                  \
                *(output)++ = one((p), first);                                           \
                first += kept_step;                                                      \
            }                                                                            \
        } while (qmcu_walk_next(&kept_walk, (p)->kept));                                 \
    } while (0)

#endif
