#ifndef QMCU_RESIZE_BILINEAR_H
#define QMCU_RESIZE_BILINEAR_H

#include <stdint.h>

/* An output position x is at (x * scale + offset) / 1024 in the input. */
typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t depth;
    int32_t output_height;
    int32_t output_width;
    int32_t height_scale;
    int32_t height_offset;
    int32_t width_scale;
    int32_t width_offset;
} qmcu_resize_bilinear_params;

void qmcu_resize_bilinear(const qmcu_resize_bilinear_params *params, const int8_t *input,
                          int8_t *output);

#endif
