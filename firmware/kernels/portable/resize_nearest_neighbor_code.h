/* Resizes NHWC images: output[b][y][x] = input[b][rows[y]][columns[x]], all channels. */
#ifndef QMCU_RESIZE_NEAREST_NEIGHBOR_CODE_H
#define QMCU_RESIZE_NEAREST_NEIGHBOR_CODE_H

#include "bytes.h"
#include "resize_nearest_neighbor.h"

static inline __attribute__((always_inline)) void
qmcu_resize_nearest_neighbor_by(const qmcu_resize_nearest_neighbor_params *params,
                                const int8_t *input, const int16_t *rows, const int16_t *columns,
                                int8_t *output, qmcu_copy_function *copy)
{
    const qmcu_resize_nearest_neighbor_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const int8_t *const row = input + rows[y] * p->input_width * p->depth;
            for (int32_t x = 0; x < p->output_width; ++x) {
                copy(output, row + columns[x] * p->depth, p->depth);
                output += p->depth;
            }
        }
        input += p->input_height * p->input_width * p->depth;
    }
}

#endif
