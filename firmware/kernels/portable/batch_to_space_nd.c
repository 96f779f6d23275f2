/* Puts the pixels of a block, each from a batch of its own, side by side and crops the edges. */
#include "batch_to_space_nd.h"

#include <string.h>

void qmcu_batch_to_space_nd(const qmcu_batch_to_space_nd_params *params, const int8_t *input,
                            int8_t *output)
{
    const qmcu_batch_to_space_nd_params *const p = params;
    const int32_t row = p->input_width * p->depth;
    const int32_t image = p->input_height * row;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t i = 0; i < p->output_height; ++i) {
            const int32_t y = i + p->top;
            const int32_t first = y % p->block_height * p->block_width * p->batches + batch;
            const int8_t *const from = input + first * image + y / p->block_height * row;
            int32_t block_x = p->left % p->block_width;
            int32_t at = p->left / p->block_width * p->depth;
            for (int32_t x = 0; x < p->output_width; ++x) {
                memcpy(output, from + block_x * p->batches * image + at, (size_t)p->depth);
                output += p->depth;
                if (++block_x == p->block_width) {
                    block_x = 0;
                    at += p->depth;
                }
            }
        }
    }
}
