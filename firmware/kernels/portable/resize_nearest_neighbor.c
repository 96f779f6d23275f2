/* Resizes NHWC images: output[b][y][x] = input[b][rows[y]][columns[x]], all channels. */
#include "resize_nearest_neighbor.h"

#include <string.h>

void qmcu_resize_nearest_neighbor(const qmcu_resize_nearest_neighbor_params *params,
                                  const int8_t *input, const int16_t *rows, const int16_t *columns,
                                  int8_t *output)
{
    const qmcu_resize_nearest_neighbor_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const int8_t *const row = input + rows[y] * p->input_width * p->depth;
            for (int32_t x = 0; x < p->output_width; ++x) {
                memcpy(output, row + columns[x] * p->depth, (size_t)p->depth);
                output += p->depth;
            }
        }
        input += p->input_height * p->input_width * p->depth;
    }
}
