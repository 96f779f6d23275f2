#ifndef QMCU_STRIDED_COPY_H
#define QMCU_STRIDED_COPY_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];   /* of the output */
    int32_t strides[QMCU_WALK_RANK]; /* in the input, of a step along each output dimension */
    int32_t start;                   /* where the output's first element is in the input */
} qmcu_strided_copy_params;

void qmcu_strided_copy(const qmcu_strided_copy_params *params, const int8_t *input, int8_t *output);

#endif
