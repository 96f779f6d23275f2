#ifndef QMCU_MAXIMUM_H
#define QMCU_MAXIMUM_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];    /* of the output */
    int32_t strides1[QMCU_WALK_RANK]; /* of input1 in the output's shape: 0 where it is repeated */
    int32_t strides2[QMCU_WALK_RANK];
} qmcu_maximum_params;

/* The output may lie exactly over an input that is not repeated. */
void qmcu_maximum(const qmcu_maximum_params *params, const int8_t *input1, const int8_t *input2,
                  int8_t *output);

#endif
