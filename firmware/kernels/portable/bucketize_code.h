/* How many boundaries are not above each element, for BUCKETIZE of every type. */
#ifndef QMCU_BUCKETIZE_CODE_H
#define QMCU_BUCKETIZE_CODE_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t count; /* of the boundaries, which ascend */
} qmcu_bucketize_params;

/* Defines `void name(params, input, boundaries, output)`. Integers are compared as float32; what is
   not a number is above all. */
#define QMCU_BUCKETIZE(name, type)                                                             \
    void name(const qmcu_bucketize_params *params, const type *input, const float *boundaries, \
              int32_t *output)                                                                 \
    {                                                                                          \
        for (int32_t i = 0; i < params->size; ++i) {                                           \
            const float item = (float)input[i];                                                \
            int32_t low = 0;                                                                   \
            int32_t high = params->count;                                                      \
            while (low < high) {                                                               \
                const int32_t middle = low + (high - low) / 2;                                 \
                if (item < boundaries[middle]) {                                               \
                    high = middle;                                                             \
                } else {                                                                       \
                    low = middle + 1;                                                          \
                }                                                                              \
            }                                                                                  \
            output[i] = low;                                                                   \
        }                                                                                      \
    }

#endif
