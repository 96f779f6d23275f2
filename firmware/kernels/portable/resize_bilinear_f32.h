#ifndef QMCU_RESIZE_BILINEAR_F32_H
#define QMCU_RESIZE_BILINEAR_F32_H

#include <stdint.h>

/* An output position x is at x * scale in the input, or at (x + 0.5) * scale - 0.5. */
typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t depth;
    int32_t output_height;
    int32_t output_width;
    int32_t half_pixel_centers;
    float height_scale;
    float width_scale;
} qmcu_resize_bilinear_f32_params;

void qmcu_resize_bilinear_f32(const qmcu_resize_bilinear_f32_params *params, const float *input,
                              float *output);

#endif
