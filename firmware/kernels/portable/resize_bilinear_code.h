/* Resizes NHWC images: each output is the mean of four inputs, weighted in 1/1024 by how near they
   are along each axis, rounded half away from zero.

   A weight lies in (-512, 1536): below 0 or above 1024 only at an edge, where both neighbours are
   one pixel and the weights of an axis add up to 1024. So sums stay within 2^20 * 128 * 4. */
#ifndef QMCU_RESIZE_BILINEAR_CODE_H
#define QMCU_RESIZE_BILINEAR_CODE_H

#include "resize_bilinear.h"

/* The two input positions around an output position, and the weight of the second. */
typedef struct {
    int32_t low;
    int32_t high;
    int32_t weight;
} qmcu_neighbours;

static inline qmcu_neighbours qmcu_neighbours_of(int32_t position, int32_t size)
{
    const int32_t floored = position / 1024;
    const int32_t low = floored > 0 ? floored : 0;
    const int32_t high = (position + 1023) / 1024;
    const qmcu_neighbours found = {low, high < size - 1 ? high : size - 1, position - 1024 * low};
    return found;
}

/* `count` outputs of the four inputs from corners[i] on, whose weights add up to 2^20: the sum divided by
   2^20, ties away from zero. */
typedef void qmcu_blend_function(const int8_t *const corners[4], const int32_t weights[4],
                                 int8_t *output, int32_t count);

static inline __attribute__((always_inline)) void
qmcu_resize_bilinear_by(const qmcu_resize_bilinear_params *params, const int8_t *input,
                        int8_t *output, qmcu_blend_function *blend)
{
    const qmcu_resize_bilinear_params *const p = params;
    const int32_t row = p->input_width * p->depth;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const qmcu_neighbours v =
                qmcu_neighbours_of(y * p->height_scale + p->height_offset, p->input_height);
            const int8_t *const top = input + v.low * row, *const bottom = input + v.high * row;
            for (int32_t x = 0; x < p->output_width; ++x) {
                const qmcu_neighbours h =
                    qmcu_neighbours_of(x * p->width_scale + p->width_offset, p->input_width);
                const int32_t left = h.low * p->depth, right = h.high * p->depth;
                const int8_t *const corners[4] = {top + left, top + right, bottom + left,
                                                  bottom + right};
                const int32_t weights[4] = {(1024 - h.weight) * (1024 - v.weight),
                                            h.weight * (1024 - v.weight),
                                            (1024 - h.weight) * v.weight, h.weight * v.weight};
                blend(corners, weights, output, p->depth);
                output += p->depth;
            }
        }
        input += p->input_height * row;
    }
}

#endif
