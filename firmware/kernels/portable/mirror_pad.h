#ifndef QMCU_MIRROR_PAD_H
#define QMCU_MIRROR_PAD_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];  /* of the output, in blocks */
    int32_t before[QMCU_WALK_RANK]; /* padding before the input in each dimension */
    int32_t input[QMCU_WALK_RANK];  /* the input's shape */
    int32_t steps[QMCU_WALK_RANK];  /* of neighbouring blocks in the input, in bytes */
    int32_t edge;  /* 1: the edge is not repeated (reflect), 0: it is (symmetric) */
    int32_t block; /* bytes that are never torn apart */
} qmcu_mirror_pad_params;

void qmcu_mirror_pad(const qmcu_mirror_pad_params *params, const int8_t *input, int8_t *output);

#endif
