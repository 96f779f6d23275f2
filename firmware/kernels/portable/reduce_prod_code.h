/* The product of quantized elements along some dimensions. */
#ifndef QMCU_REDUCE_PROD_CODE_H
#define QMCU_REDUCE_PROD_CODE_H

#include "accumulate_s16.h"
#include "reduce.h"

/* The walk as in qmcu_reduce_params. */
typedef struct {
    int32_t kept[QMCU_WALK_RANK];
    int32_t kept_steps[QMCU_WALK_RANK];
    int32_t reduced[QMCU_WALK_RANK];
    int32_t reduced_steps[QMCU_WALK_RANK];
    int32_t input_zero_point;
    int32_t multiplier; /* input scale / n-th root of output scale: 15 bits */
    int32_t shift;
    int32_t output_zero_point;
} qmcu_reduce_prod_params;

/* Defines `static int32_t name(p, first)`: a product of n elements that are scaled n times, the last
   time at the end; modulo 2^32, as the sum with the zero point. */
#define QMCU_SCALED_PRODUCT(name, type)                                                           \
    static inline int32_t name(const qmcu_reduce_prod_params *p, const type *first)               \
    {                                                                                             \
        const int32_t step = p->reduced_steps[QMCU_WALK_RANK - 1];                                \
        int32_t value = 0;                                                                        \
        int32_t begun = 0;                                                                        \
        qmcu_walk walk = qmcu_walk_begin();                                                       \
        do {                                                                                      \
            const type *from = first + qmcu_walk_offset(&walk, p->reduced_steps);                 \
            for (int32_t i = 0; i < p->reduced[QMCU_WALK_RANK - 1]; ++i) {                        \
                const int32_t item = *from - p->input_zero_point;                                 \
                value = begun                                                                     \
                            ? qmcu_requantize_s64((int64_t)value * item, p->multiplier, p->shift) \
                            : item;                                                               \
                begun = 1;                                                                        \
                from += step;                                                                     \
            }                                                                                     \
        } while (qmcu_walk_next(&walk, p->reduced));                                              \
        value = qmcu_requantize_s64(value, p->multiplier, p->shift);                              \
        return (int32_t)((uint32_t)value + (uint32_t)p->output_zero_point);                       \
    }

#endif
