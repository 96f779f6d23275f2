/* Each pixel of a block goes to a batch of its own; what lies in the padding gets one value. */
#include "space_to_batch_nd.h"

#include <string.h>

static int8_t *put_row(const qmcu_space_to_batch_nd_params *p, const int8_t *row, int32_t x,
                       int8_t *output)
{
    for (int32_t i = 0; i < p->output_width; ++i) {
        if (row != NULL && x >= 0 && x < p->input_width) {
            memcpy(output, row + x * p->depth, (size_t)p->depth);
        } else {
            memset(output, p->value, (size_t)p->depth);
        }
        output += p->depth;
        x += p->block_width;
    }
    return output;
}

void qmcu_space_to_batch_nd(const qmcu_space_to_batch_nd_params *params, const int8_t *input,
                            int8_t *output)
{
    const qmcu_space_to_batch_nd_params *const p = params;
    const int32_t row = p->input_width * p->depth;
    for (int32_t block_y = 0; block_y < p->block_height; ++block_y) {
        for (int32_t block_x = 0; block_x < p->block_width; ++block_x) {
            for (int32_t batch = 0; batch < p->batches; ++batch) {
                const int8_t *const image = input + batch * p->input_height * row;
                for (int32_t i = 0; i < p->output_height; ++i) {
                    const int32_t y = i * p->block_height + block_y - p->top;
                    const int32_t inside = y >= 0 && y < p->input_height;
                    output = put_row(p, inside ? image + y * row : NULL, block_x - p->left, output);
                }
            }
        }
    }
}
