/* Resizes NHWC images: each output is the mean of four inputs, weighted in 1/1024 by how near they
   are along each axis, rounded half away from zero.

   A weight lies in (-512, 1536): below 0 or above 1024 only at an edge, where both neighbours are
   one pixel and the weights of an axis add up to 1024. So sums stay within 2^20 * 128 * 4. */
#include "resize_bilinear.h"

/* The two input positions around an output position, and the weight of the second. */
typedef struct {
    int32_t low;
    int32_t high;
    int32_t weight;
} neighbours;

static neighbours around(int32_t position, int32_t size)
{
    const int32_t floored = position / 1024;
    const int32_t low = floored > 0 ? floored : 0;
    const int32_t high = (position + 1023) / 1024;
    const neighbours found = {low, high < size - 1 ? high : size - 1, position - 1024 * low};
    return found;
}

static int8_t rounded(int32_t sum)
{
    return (int8_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
}

void qmcu_resize_bilinear(const qmcu_resize_bilinear_params *params, const int8_t *input,
                          int8_t *output)
{
    const qmcu_resize_bilinear_params *const p = params;
    const int32_t row = p->input_width * p->depth;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const neighbours v = around(y * p->height_scale + p->height_offset, p->input_height);
            for (int32_t x = 0; x < p->output_width; ++x) {
                const neighbours h = around(x * p->width_scale + p->width_offset, p->input_width);
                const int8_t *const top_left = input + v.low * row + h.low * p->depth;
                const int8_t *const top_right = input + v.low * row + h.high * p->depth;
                const int8_t *const bottom_left = input + v.high * row + h.low * p->depth;
                const int8_t *const bottom_right = input + v.high * row + h.high * p->depth;
                for (int32_t c = 0; c < p->depth; ++c) {
                    const int32_t top = top_left[c] * (1024 - h.weight) + top_right[c] * h.weight;
                    const int32_t bottom =
                        bottom_left[c] * (1024 - h.weight) + bottom_right[c] * h.weight;
                    *output++ = rounded(top * (1024 - v.weight) + bottom * v.weight);
                }
            }
        }
        input += p->input_height * row;
    }
}
