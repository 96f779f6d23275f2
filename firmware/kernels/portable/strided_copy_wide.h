#ifndef QMCU_STRIDED_COPY_WIDE_H
#define QMCU_STRIDED_COPY_WIDE_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];   /* of the output */
    int32_t strides[QMCU_WALK_RANK]; /* in the input, in bytes, of a step along each dimension */
    int32_t start;                   /* where the output's first element is in the input */
    int32_t size;                    /* of an element: 2, 4 or 8 bytes */
} qmcu_strided_copy_wide_params;

void qmcu_strided_copy_wide(const qmcu_strided_copy_wide_params *params, const int8_t *input,
                            int8_t *output);

#endif
