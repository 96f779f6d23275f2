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
    const int32_t low = position > 0 ? position >> 10 : 0;
    const int32_t high = (position + 1023) >> 10;
    const qmcu_neighbours found = {low, high < size - 1 ? high : size - 1, position - 1024 * low};
    return found;
}

/* The weights of the corners: left and right above, left and right below. */
static inline __attribute__((always_inline)) void qmcu_corner_weights(int32_t down, int32_t right,
                                                                      int32_t weights[4])
{
    weights[0] = (1024 - right) * (1024 - down);
    weights[1] = right * (1024 - down);
    weights[2] = (1024 - right) * down;
    weights[3] = right * down;
}

/* Defines `static void name(params, input, output, blend)` for images of `type`. `blend` computes
   `count` outputs of the four inputs from corners[i] on, of which the lower weigh `down` and those
   to the right `right`: the sum divided by 2^20, ties away from zero. */
#define QMCU_RESIZE_BILINEAR(name, type)                                                           \
    typedef void name##_blend(const type *const corners[4], int32_t down, int32_t right,           \
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
                    blend(corners, v.weight, h.weight, output, p->depth);                          \
                    output += p->depth;                                                            \
                }                                                                                  \
            }                                                                                      \
            input += p->input_height * row;                                                        \
        }                                                                                          \
    }

#endif
