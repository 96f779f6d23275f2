#ifndef QMCU_SPACE_TO_BATCH_ND_H
#define QMCU_SPACE_TO_BATCH_ND_H

#include <stdint.h>

typedef struct {
    int32_t batches; /* of the input */
    int32_t height;
    int32_t width;
    int32_t depth; /* of a pixel, in bytes */
    int32_t block_height;
    int32_t block_width;
} qmcu_space_to_batch_nd_params;

void qmcu_space_to_batch_nd(const qmcu_space_to_batch_nd_params *params, const int8_t *input,
                            int8_t *output);

#endif
