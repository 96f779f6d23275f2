#ifndef QMCU_DYNAMIC_UPDATE_SLICE_H
#define QMCU_DYNAMIC_UPDATE_SLICE_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];   /* of the update; the last in bytes */
    int32_t strides[QMCU_WALK_RANK]; /* in the output, in bytes */
    int32_t room[QMCU_WALK_RANK];    /* the largest start along each dimension */
    int32_t steps[QMCU_WALK_RANK];   /* bytes of one more start along each */
    int32_t dimensions;              /* how many starts there are: those of the last dimensions */
    int32_t size;                    /* of the output, in bytes */
} qmcu_dynamic_update_slice_params;

/* The output may lie exactly over the input. */
void qmcu_dynamic_update_slice(const qmcu_dynamic_update_slice_params *params, const int8_t *input,
                               const int8_t *update, const int32_t *starts, int8_t *output);

#endif
