/* What ARG_MAX and ARG_MIN share. */
#ifndef QMCU_ARG_H
#define QMCU_ARG_H

#include <stdint.h>

typedef struct {
    int32_t rows;   /* product of the dimensions before the axis */
    int32_t length; /* of the axis */
    int32_t inner;  /* product of the dimensions after it */
} qmcu_arg_params;

/* Defines `void name(params, input, output)`: where along the axis the element is that `beats` all
   others, the first of those that are equal. */
#define QMCU_ARG(name, type, beats)                                              \
    void name(const qmcu_arg_params *params, const type *input, int32_t *output) \
    {                                                                            \
        const qmcu_arg_params *const p = params;                                 \
        for (int32_t row = 0; row < p->rows; ++row) {                            \
            for (int32_t i = 0; i < p->inner; ++i) {                             \
                const type *const first = input + i;                             \
                type found = *first;                                             \
                int32_t place = 0;                                               \
                for (int32_t at = 1; at < p->length; ++at) {                     \
                    const type item = first[at * p->inner];                      \
                    if (item beats found) {                                      \
                        found = item;                                            \
                        place = at;                                              \
                    }                                                            \
                }                                                                \
                *output++ = place;                                               \
            }                                                                    \
            input += p->length * p->inner;                                       \
        }                                                                        \
    }

#endif
