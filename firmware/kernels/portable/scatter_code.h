/* Sums of slices at places that are given, for SCATTER_ND and SEGMENT_SUM of every type. */
#ifndef QMCU_SCATTER_CODE_H
#define QMCU_SCATTER_CODE_H

#include <stdint.h>

#define QMCU_SCATTER_RANK 5

typedef struct {
    int32_t count;                      /* of the slices */
    int32_t depth;                      /* how many numbers say where a slice goes */
    int32_t lengths[QMCU_SCATTER_RANK]; /* of the output's first dimensions */
    int32_t slice;                      /* elements of a slice */
    int32_t size;                       /* elements of the output */
} qmcu_scatter_params;

/* Where the slice begins in the output; -1 for one that lies outside. */
static inline int32_t qmcu_scatter_place(const qmcu_scatter_params *p, const int32_t *indices)
{
    int32_t place = 0;
    for (int32_t d = 0; d < p->depth; ++d) {
        if (indices[d] < 0 || indices[d] >= p->lengths[d]) {
            return -1;
        }
        place = place * p->lengths[d] + indices[d];
    }
    return place * p->slice;
}

/* Defines `void name(params, indices, updates, output)`: the output is 0 but for `add` of the slices
   that go there, in their order; one that lies outside goes nowhere. */
#define QMCU_SCATTER(name, type, add)                                                         \
    void name(const qmcu_scatter_params *params, const int32_t *indices, const type *updates, \
              type *output)                                                                   \
    {                                                                                         \
        const qmcu_scatter_params *const p = params;                                          \
        for (int32_t i = 0; i < p->size; ++i) {                                               \
            output[i] = 0;                                                                    \
        }                                                                                     \
        for (int32_t n = 0; n < p->count; ++n) {                                              \
            const int32_t place = qmcu_scatter_place(p, indices);                             \
            for (int32_t i = 0; place >= 0 && i < p->slice; ++i) {                            \
                output[place + i] = add(output[place + i], updates[i]);                       \
            }                                                                                 \
            indices += p->depth;                                                              \
            updates += p->slice;                                                              \
        }                                                                                     \
    }

#endif
