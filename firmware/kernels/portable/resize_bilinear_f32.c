/* Resizes NHWC images of real numbers: each output is the mean of four inputs, weighted by how near
   they are, with the very operations and order of the interpreter. */
#include "resize_bilinear_f32.h"

typedef struct {
    int32_t low;
    int32_t high;
    float weight; /* of the second */
} neighbours;

static neighbours around(int32_t x, float scale, int32_t half_pixel_centers, int32_t size)
{
    const float position = half_pixel_centers ? ((float)x + 0.5f) * scale - 0.5f : (float)x * scale;
    const int32_t whole = (int32_t)position; /* towards zero; a position is above -1 */
    const int32_t ceiling = whole + (position > (float)whole ? 1 : 0);
    const neighbours found = {whole, ceiling < size - 1 ? ceiling : size - 1,
                              position - (float)whole};
    return found;
}

void qmcu_resize_bilinear_f32(const qmcu_resize_bilinear_f32_params *params, const float *input,
                              float *output)
{
    const qmcu_resize_bilinear_f32_params *const p = params;
    const int32_t row = p->input_width * p->depth;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const neighbours v = around(y, p->height_scale, p->half_pixel_centers, p->input_height);
            for (int32_t x = 0; x < p->output_width; ++x) {
                const neighbours h =
                    around(x, p->width_scale, p->half_pixel_centers, p->input_width);
                const float *const top_left = input + v.low * row + h.low * p->depth;
                const float *const top_right = input + v.low * row + h.high * p->depth;
                const float *const bottom_left = input + v.high * row + h.low * p->depth;
                const float *const bottom_right = input + v.high * row + h.high * p->depth;
                for (int32_t c = 0; c < p->depth; ++c) {
                    /* Adding zero makes -0 a 0, as the interpreter's rounding offset does. */
                    *output++ = top_left[c] * (1.0f - v.weight) * (1.0f - h.weight) +
                                bottom_left[c] * v.weight * (1.0f - h.weight) +
                                top_right[c] * (1.0f - v.weight) * h.weight +
                                bottom_right[c] * v.weight * h.weight + 0.0f;
                }
            }
        }
        input += p->input_height * row;
    }
}
