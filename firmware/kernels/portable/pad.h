#ifndef QMCU_PAD_H
#define QMCU_PAD_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];  /* of the output */
    int32_t before[QMCU_WALK_RANK]; /* padding before the input in each dimension */
    int32_t input[QMCU_WALK_RANK];  /* the input's shape */
    int32_t value;
} qmcu_pad_params;

void qmcu_pad(const qmcu_pad_params *params, const int8_t *input, int8_t *output);

#endif
