/* Each pixel of a block goes to a batch of its own. */
#include "space_to_batch_nd.h"

#include <string.h>

/* The pixels of an image that lie at one place of their blocks. */
static int8_t *put(const qmcu_space_to_batch_nd_params *p, const int8_t *image, int8_t *output)
{
    for (int32_t y = 0; y < p->height; y += p->block_height) {
        for (int32_t x = 0; x < p->width; x += p->block_width) {
            memcpy(output, image + (y * p->width + x) * p->depth, (size_t)p->depth);
            output += p->depth;
        }
    }
    return output;
}

void qmcu_space_to_batch_nd(const qmcu_space_to_batch_nd_params *params, const int8_t *input,
                            int8_t *output)
{
    const qmcu_space_to_batch_nd_params *const p = params;
    for (int32_t y = 0; y < p->block_height; ++y) {
        for (int32_t x = 0; x < p->block_width; ++x) {
            for (int32_t batch = 0; batch < p->batches; ++batch) {
                output =
                    put(p, input + ((batch * p->height + y) * p->width + x) * p->depth, output);
            }
        }
    }
}
