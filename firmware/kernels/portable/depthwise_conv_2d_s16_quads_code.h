/* The pixels of a depthwise convolution of int16 one after the other. */
#ifndef QMCU_DEPTHWISE_CONV_2D_S16_QUADS_CODE_H
#define QMCU_DEPTHWISE_CONV_2D_S16_QUADS_CODE_H

#include "depthwise_conv_2d_s16_quads.h"

/* The taps of a window that lie inside the image; steps and what is behind a row in elements. */
typedef struct {
    const int16_t *image; /* of the first tap */
    const int8_t *weights;
    int32_t rows;
    int32_t columns;
    int32_t image_step;
    int32_t image_back;
    int32_t weights_step;
    int32_t weights_back;
} qmcu_depthwise_taps_s16;

/* Computes the channels of a pixel. */
typedef void qmcu_depthwise_pixel_s16(const qmcu_depthwise_conv_2d_s16_quads_params *params,
                                      const qmcu_depthwise_taps_s16 *taps, const int32_t *bias,
                                      const int32_t *multipliers, int16_t *output);

static inline __attribute__((always_inline)) void
qmcu_depthwise_conv_2d_s16_quads_by(const qmcu_depthwise_conv_2d_s16_quads_params *p,
                                    const int16_t *input, const int8_t *weights,
                                    const int32_t *bias, const int32_t *multipliers,
                                    int16_t *output, qmcu_depthwise_pixel_s16 *pixel)
{
    const qmcu_window *const w = &p->window;
    const int32_t depth = w->input_depth, row_step = w->input_width * depth;
    qmcu_depthwise_taps_s16 taps = {0};
    taps.image_step = w->dilation_width * depth;
    taps.weights_step = depth;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t row = 0; row < w->output_height; ++row) {
            const int32_t y = row * w->stride_height - w->padding_top;
            const qmcu_taps rows =
                qmcu_taps_inside(y, w->dilation_height, w->kernel_height, w->input_height);
            const int16_t *const image = input + (y + rows.first * w->dilation_height) * row_step;
            taps.rows = qmcu_taps_count(rows);
            for (int32_t column = 0; column < w->output_width; ++column) {
                const int32_t x = column * w->stride_width - w->padding_left;
                const qmcu_taps columns =
                    qmcu_taps_inside(x, w->dilation_width, w->kernel_width, w->input_width);
                const int32_t first = rows.first * w->kernel_width + columns.first;
                taps.columns = qmcu_taps_count(columns);
                taps.image = image + (x + columns.first * w->dilation_width) * depth;
                taps.image_back = w->dilation_height * row_step - taps.columns * taps.image_step;
                taps.weights = weights + first * depth;
                taps.weights_back = (w->kernel_width - taps.columns) * depth;
                pixel(p, &taps, bias, multipliers, output);
                output += depth;
            }
        }
        input += w->input_height * row_step;
    }
}

#endif
