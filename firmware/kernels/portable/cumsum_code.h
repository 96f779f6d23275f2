/* Sums of what came before along an axis, for CUMSUM of every type. */
#ifndef QMCU_CUMSUM_CODE_H
#define QMCU_CUMSUM_CODE_H

#include <stdint.h>

typedef struct {
    int32_t rows;      /* product of the dimensions before the axis */
    int32_t length;    /* of the axis */
    int32_t inner;     /* product of the dimensions after it */
    int32_t exclusive; /* 1: an output leaves out the input at its own place */
    int32_t reverse;   /* 1: from the end to the beginning */
} qmcu_cumsum_plain_params;

/* Defines `void name(params, input, output)` of elements of `type`, added up as `total`. */
#define QMCU_CUMSUM(name, type, total)                                                     \
    static void add_up(const qmcu_cumsum_plain_params *p, const type *input, type *output) \
    {                                                                                      \
        total sum = 0;                                                                     \
        int32_t at = p->reverse ? (p->length - 1) * p->inner : 0;                          \
        const int32_t step = p->reverse ? -p->inner : p->inner;                            \
        for (int32_t i = 0; i < p->length; ++i) {                                          \
            const total before = sum;                                                      \
            sum += (total)input[at];                                                       \
            output[at] = (type)(p->exclusive ? before : sum);                              \
            at += step;                                                                    \
        }                                                                                  \
    }                                                                                      \
                                                                                           \
    void name(const qmcu_cumsum_plain_params *params, const type *input, type *output)     \
    {                                                                                      \
        const qmcu_cumsum_plain_params *const p = params;                                  \
        for (int32_t row = 0; row < p->rows; ++row) {                                      \
            for (int32_t i = 0; i < p->inner; ++i) {                                       \
                add_up(p, input + i, output + i);                                          \
            }                                                                              \
            input += p->length * p->inner;                                                 \
            output += p->length * p->inner;                                                \
        }                                                                                  \
    }

#endif
