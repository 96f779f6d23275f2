/* The largest elements of each row and where they are, for TOPK_V2 of every type. */
#ifndef QMCU_TOP_K_CODE_H
#define QMCU_TOP_K_CODE_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t length; /* of a row */
    int32_t count;  /* of the elements that are taken from it, 1 to length */
} qmcu_top_k_params;

/* Defines `void name(params, input, values, places)`. The values of a row begin with the largest; of
   equal ones the first comes first. They are kept in that order while the row is read. */
#define QMCU_TOP_K(name, type)                                                                   \
    void name(const qmcu_top_k_params *params, const type *input, type *values, int32_t *places) \
    {                                                                                            \
        const int32_t count = params->count;                                                     \
        for (int32_t row = 0; row < params->rows; ++row) {                                       \
            for (int32_t i = 0; i < params->length; ++i) {                                       \
                const type item = input[i];                                                      \
                int32_t at = i;                                                                  \
                if (i >= count) {                                                                \
                    at = count - 1;                                                              \
                    if (!(item > values[at])) {                                                  \
                        continue;                                                                \
                    }                                                                            \
                }                                                                                \
                for (; at > 0 && item > values[at - 1]; --at) {                                  \
                    values[at] = values[at - 1];                                                 \
                    places[at] = places[at - 1];                                                 \
                }                                                                                \
                values[at] = item;                                                               \
                places[at] = i;                                                                  \
            }                                                                                    \
            input += params->length;                                                             \
            values += count;                                                                     \
            places += count;                                                                     \
        }                                                                                        \
    }

#endif
