#ifndef QMCU_MEAN_ANY_H
#define QMCU_MEAN_ANY_H

#include "walk.h"

/* Any number of kept and of reduced dimensions in turn, as in qmcu_reduce_params; the rest as in
   qmcu_mean_params. */
typedef struct {
    int32_t kept[QMCU_WALK_RANK];
    int32_t kept_steps[QMCU_WALK_RANK];
    int32_t reduced[QMCU_WALK_RANK];
    int32_t reduced_steps[QMCU_WALK_RANK];
    int32_t sum_offset; /* -input_zero_point * number of inputs per output */
    int32_t multiplier; /* includes the division by the number of inputs per output */
    int32_t shift;
    int32_t output_zero_point;
} qmcu_mean_any_params;

/* Defines `static uint32_t name(p, first)`: the sum that makes one output, modulo 2^32. */
#define QMCU_MEAN_SUM(name, type)                                                 \
    static inline uint32_t name(const qmcu_mean_any_params *p, const type *first) \
    {                                                                             \
        const int32_t step = p->reduced_steps[QMCU_WALK_RANK - 1];                \
        uint32_t sum = (uint32_t)p->sum_offset;                                   \
        qmcu_walk walk = qmcu_walk_begin();                                       \
        do {                                                                      \
            const type *from = first + qmcu_walk_offset(&walk, p->reduced_steps); \
            for (int32_t i = 0; i < p->reduced[QMCU_WALK_RANK - 1]; ++i) {        \
                const int32_t item = *from;                                       \
                sum += (uint32_t)item;                                            \
                from += step;                                                     \
            }                                                                     \
        } while (qmcu_walk_next(&walk, p->reduced));                              \
        return sum;                                                               \
    }

void qmcu_mean_any(const qmcu_mean_any_params *params, const int8_t *input, int8_t *output);

#endif
