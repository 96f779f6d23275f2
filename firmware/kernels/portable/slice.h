#ifndef QMCU_SLICE_H
#define QMCU_SLICE_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];   /* of the output, the last in bytes */
    int32_t strides[QMCU_WALK_RANK]; /* bytes in the input, of a step along each dimension */
    int32_t room[QMCU_WALK_RANK];    /* the last begin at which the slice fits */
    int32_t dimensions;              /* numbers in begin: those of the last dimensions */
    int32_t wide;                    /* begin is of int64, not of int32 */
} qmcu_slice_params;

/* begin holds int32_t or int64_t. */
void qmcu_slice(const qmcu_slice_params *params, const int8_t *input, const int8_t *begin,
                int8_t *output);

#endif
