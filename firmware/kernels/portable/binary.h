/* A function of two elements, with broadcasting. */
#ifndef QMCU_BINARY_H
#define QMCU_BINARY_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];    /* of the output */
    int32_t strides1[QMCU_WALK_RANK]; /* of input1 in the output's shape: 0 where it is repeated */
    int32_t strides2[QMCU_WALK_RANK];
} qmcu_binary_params;

#endif
