#ifndef QMCU_SELECT_WIDE_H
#define QMCU_SELECT_WIDE_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];             /* of the output */
    int32_t condition_strides[QMCU_WALK_RANK]; /* along it; 0 where the operand is repeated */
    int32_t strides1[QMCU_WALK_RANK];          /* of what is taken where the condition is true */
    int32_t strides2[QMCU_WALK_RANK];
} qmcu_select_wide_params;

void qmcu_select_wide(const qmcu_select_wide_params *params, const uint8_t *condition,
                      const int8_t *input1, const int8_t *input2, int8_t *output);

#endif
