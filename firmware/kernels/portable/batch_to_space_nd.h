#ifndef QMCU_BATCH_TO_SPACE_ND_H
#define QMCU_BATCH_TO_SPACE_ND_H

#include <stdint.h>

typedef struct {
    int32_t batches; /* of the output */
    int32_t input_height;
    int32_t input_width;
    int32_t depth; /* of a pixel, in bytes */
    int32_t output_height;
    int32_t output_width;
    int32_t block_height;
    int32_t block_width;
    int32_t top;  /* rows cut off above */
    int32_t left; /* columns cut off before */
} qmcu_batch_to_space_nd_params;

void qmcu_batch_to_space_nd(const qmcu_batch_to_space_nd_params *params, const int8_t *input,
                            int8_t *output);

#endif
