/* Resizes NHWC images: each output is the mean of four inputs, weighted in 1/1024 by how near they
   are along each axis, rounded half away from zero.

   A weight lies in (-512, 1536): below 0 or above 1024 only at an edge, where both neighbours are
   one pixel and the weights of an axis add up to 1024. So sums of int8 stay within 2^20 * 128 * 4. */
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

/* The weights of the corners: left and right above, left and right below. */
static inline __attribute__((always_inline)) void
qmcu_corner_weights(qmcu_neighbours v, qmcu_neighbours h, int32_t weights[4])
{
    weights[0] = (1024 - h.weight) * (1024 - v.weight);
    weights[1] = h.weight * (1024 - v.weight);
    weights[2] = (1024 - h.weight) * v.weight;
    weights[3] = h.weight * v.weight;
}

/* Defines `static void name(params, input, output, blend)` for images of `type`. `blend` computes
   `count` outputs of the four inputs from corners[i] on, whose weights add up to 2^20: the sum
   divided by 2^20, ties away from zero. */
#define QMCU_RESIZE_BILINEAR(name, type)                                                           \
    typedef void name##_blend(const type *const corners[4], const int32_t weights[4],              \
                              type *output, int32_t count);                                        \
    static inline __attribute__((always_inline)) void name(                                        \
        const qmcu_resize_bilinear_params *p, const type *input, type *output, name##_blend blend) \
    {                                                                                              \
        const int32_t row = p->input_width * p->depth;                                             \
        for (int32_t batch = 0; batch < p->batches; ++batch) {                                     \
            for (int32_t y = 0; y < p->output_height; ++y) {                                       \
                const qmcu_neighbours v =                                                          \
                    qmcu_neighbours_of(y * p->height_scale + p->height_offset, p->input_height);   \
                const type *const top = input + v.low * row, *const bottom = input + v.high * row; \
                for (int32_t x = 0; x < p->output_width; ++x) {                                    \
                    const qmcu_neighbours h =                                                      \
                        qmcu_neighbours_of(x * p->width_scale + p->width_offset, p->input_width);  \
                    const int32_t left = h.low * p->depth, right = h.high * p->depth;              \
                    const type *const corners[4] = {top + left, top + right, bottom + left,        \
                                                    bottom + right};                               \
                    int32_t weights[4];                                                            \
                    qmcu_corner_weights(v, h, weights);                                            \
                    blend(corners, weights, output, p->depth);                                     \
                    output += p->depth;                                                            \
                }                                                                                  \
            }                                                                                      \
            input += p->input_height * row;                                                        \
        }                                                                                          \
    }

#endif
