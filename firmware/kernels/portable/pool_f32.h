/* A pooling layer of real numbers: one window over every channel. */
#ifndef QMCU_POOL_F32_H
#define QMCU_POOL_F32_H

#include <stdint.h>

#include "clamp_f32.h"
#include "window.h"

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t depth;
    int32_t output_height;
    int32_t output_width;
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;
    int32_t padding_left;
    float activation_minimum;
    float activation_maximum;
} qmcu_pool_f32_params;

/* Of one channel: the pixels of rows * columns, from image on. */
typedef float (*qmcu_pool_f32_function)(const qmcu_pool_f32_params *params, const float *image,
                                        int32_t rows, int32_t columns);

static inline void qmcu_pool_f32(const qmcu_pool_f32_params *params, const float *input,
                                 float *output, qmcu_pool_f32_function function)
{
    const qmcu_pool_f32_params *const p = params;
    for (int32_t row = 0; row < p->batches * p->output_height; ++row) {
        const int32_t batch = row / p->output_height;
        const int32_t y = row % p->output_height * p->stride_height - p->padding_top;
        const qmcu_taps rows = qmcu_taps_inside(y, 1, p->kernel_height, p->input_height);
        const int32_t first_y = batch * p->input_height + y + rows.first;
        for (int32_t column = 0; column < p->output_width; ++column) {
            const int32_t x = column * p->stride_width - p->padding_left;
            const qmcu_taps columns = qmcu_taps_inside(x, 1, p->kernel_width, p->input_width);
            const int32_t first = (first_y * p->input_width + x + columns.first) * p->depth;
            for (int32_t channel = 0; channel < p->depth; ++channel) {
                const float value = function(p, input + first + channel, qmcu_taps_count(rows),
                                             qmcu_taps_count(columns));
                *output++ = qmcu_clamp_f32(value, p->activation_minimum, p->activation_maximum);
            }
        }
    }
}

#endif
