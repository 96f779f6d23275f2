#ifndef QMCU_PAD_WIDE_H
#define QMCU_PAD_WIDE_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];  /* of the output */
    int32_t before[QMCU_WALK_RANK]; /* padding before the input in each dimension */
    int32_t input[QMCU_WALK_RANK];  /* the input's shape */
    int32_t size;                   /* of an element, in bytes */
} qmcu_pad_wide_params;

/* value points to the one element that fills the padding. */
void qmcu_pad_wide(const qmcu_pad_wide_params *params, const int8_t *input, const int8_t *value,
                   int8_t *output);

#endif
