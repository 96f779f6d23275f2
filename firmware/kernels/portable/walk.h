/* A walk over the rows of a tensor of QMCU_WALK_RANK dimensions; the last dimension is the row. Of an image
   whose layers all have one row QMCU_WALK_RANK is 1. */
#ifndef QMCU_WALK_H
#define QMCU_WALK_H

#include <stdint.h>

#ifndef QMCU_WALK_RANK
#define QMCU_WALK_RANK 5
#endif

typedef struct {
    int32_t at[QMCU_WALK_RANK > 1 ? QMCU_WALK_RANK - 1 : 1];
} qmcu_walk;

static inline qmcu_walk qmcu_walk_begin(void)
{
    const qmcu_walk begin = {{0}};
    return begin;
}

/* To the next row, the last index first; 0 when there is none. */
static inline int32_t qmcu_walk_next(qmcu_walk *walk, const int32_t *shape)
{
    for (int32_t d = QMCU_WALK_RANK - 2; d >= 0; --d) {
        if (++walk->at[d] < shape[d]) {
            return 1;
        }
        walk->at[d] = 0;
    }
    return 0;
}

/* Where the row begins in an operand with these strides. */
static inline int32_t qmcu_walk_offset(const qmcu_walk *walk, const int32_t *strides)
{
    int32_t offset = 0;
    for (int32_t d = 0; d < QMCU_WALK_RANK - 1; ++d) {
        offset += walk->at[d] * strides[d];
    }
    return offset;
}

#endif
