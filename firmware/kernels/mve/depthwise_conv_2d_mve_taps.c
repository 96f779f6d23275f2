/* Depthwise convolution for MVE, a pixel at a time: a gather takes eight taps of a channel from
   where they are, four channels side by side. A window that leaves the image is copied first. */
#include "regions.h"

#include "depthwise_conv_2d_mve_taps.h"

#include "depthwise_taps_code_mve.h"
#include "mve.h"

typedef qmcu_depthwise_conv_2d_mve_taps_params params_t;

/* The window at (y, x) with its padding, tap by tap. */
static void copy_window(const params_t *p, const int8_t *image, int32_t y, int32_t x, int8_t *to)
{
    const qmcu_window *const w = &p->window;
    for (int32_t row = 0; row < w->kernel_height; ++row, y += w->dilation_height) {
        int32_t at = x;
        for (int32_t column = 0; column < w->kernel_width; ++column, at += w->dilation_width) {
            if (y < 0 || y >= w->input_height || at < 0 || at >= w->input_width) {
                qmcu_mve_fill(to, p->input_zero_point, w->input_depth);
            } else {
                qmcu_mve_copy(to, image + (y * w->input_width + at) * w->input_depth,
                              w->input_depth);
            }
            to += w->input_depth;
        }
    }
}

void qmcu_depthwise_conv_2d_mve_taps(const params_t *params, const int8_t *input,
                                     const int8_t *weights, const int32_t *channels,
                                     const uint16_t *offsets, void *scratch, int8_t *output)
{
    const params_t *const p = params;
    const qmcu_window *const w = &p->window;
    qmcu_taps_pixel pixel = {.weights = weights,
                             .channels = channels,
                             .output = output,
                             .steps = p->steps,
                             .depth = w->input_depth,
                             .general = p->general,
                             .zero_point = p->output_zero_point,
                             .minimum = p->activation_minimum,
                             .maximum = p->activation_maximum};
    const int32_t last_y = w->input_height - (w->kernel_height - 1) * w->dilation_height;
    const int32_t last_x = w->input_width - (w->kernel_width - 1) * w->dilation_width;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        int32_t y = -w->padding_top;
        for (int32_t row = 0; row < w->output_height; ++row, y += w->stride_height) {
            int32_t x = -w->padding_left;
            for (int32_t column = 0; column < w->output_width; ++column, x += w->stride_width) {
                pixel.from = input + (y * w->input_width + x) * w->input_depth;
                pixel.offsets = offsets;
                if (p->padded && (y < 0 || y >= last_y || x < 0 || x >= last_x)) {
                    copy_window(p, input, y, x, scratch);
                    pixel.from = scratch;
                    pixel.offsets += 8 * p->steps;
                }
                qmcu_pixel_of_taps(&pixel);
                pixel.output += w->input_depth;
            }
        }
        input += w->input_height * w->input_width * w->input_depth;
    }
}
