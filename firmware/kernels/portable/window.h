/* A window that slides over an image, and which of its taps lie inside. */
#ifndef QMCU_WINDOW_H
#define QMCU_WINDOW_H

#include <stdint.h>

/* What slides over what: images NHWC, a tap of the window every dilation pixels. */
typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_depth;
    int32_t output_height;
    int32_t output_width;
    union {
        int32_t output_depth;
        int32_t depth_multiplier; /* of a depthwise convolution: output over input channels */
    };
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t padding_top;
    int32_t padding_left;
} qmcu_window;

/* Taps first <= tap < end are inside. */
typedef struct {
    int32_t first;
    int32_t end;
} qmcu_taps;

/* Tap k of `count` reads position origin + k * dilation; inside is 0 <= position < size. */
static inline qmcu_taps qmcu_taps_inside(int32_t origin, int32_t dilation, int32_t count,
                                         int32_t size)
{
    qmcu_taps taps = {0, count};
    if (origin < 0) {
        taps.first = (dilation - 1 - origin) / dilation;
    }
    if (origin + (count - 1) * dilation >= size) {
        taps.end = (size - origin + dilation - 1) / dilation;
    }
    return taps;
}

static inline int32_t qmcu_taps_count(qmcu_taps taps)
{
    return taps.end > taps.first ? taps.end - taps.first : 0;
}

#endif
