/* depthwise_conv_2d_s16 for cores without the DSP extension: four channels at a time, whose sums of 32
   bits stay in registers. */
#include "depthwise_conv_2d_s16_scalar.h"

#include "depthwise_conv_2d_s16_code.h"

static inline void four(const qmcu_depthwise_conv_2d_s16_params *p, const int16_t *image,
                        const int8_t *filter, qmcu_taps rows, qmcu_taps columns, int32_t count,
                        int32_t sums[4])
{
    const qmcu_window *const w = &p->window;
    const int32_t depth = w->input_depth;
    const int32_t image_step = w->dilation_width * depth;
    filter += (rows.first * w->kernel_width + columns.first) * depth;
    for (int32_t i = 0; i < 4; ++i) {
        sums[i] = 0;
    }
    for (int32_t row = rows.first; row < rows.end; ++row) {
        const int16_t *x = image;
        const int8_t *tap = filter;
        int32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
        for (int32_t column = columns.first; column < columns.end; ++column) {
            a += x[0] * tap[0];
            if (count == 4) {
                b += x[1] * tap[1];
                c += x[2] * tap[2];
                d += x[3] * tap[3];
            } else if (count > 1) {
                b += x[1] * tap[1];
                c += count > 2 ? x[2] * tap[2] : 0;
            }
            x += image_step;
            tap += depth;
        }
        sums[0] = a;
        sums[1] = b;
        sums[2] = c;
        sums[3] = d;
        image += w->dilation_height * w->input_width * depth;
        filter += w->kernel_width * depth;
    }
}

void qmcu_depthwise_conv_2d_s16_scalar(const qmcu_depthwise_conv_2d_s16_scalar_params *params,
                                       const int16_t *input, const int8_t *weights,
                                       const int64_t *bias, const int32_t *multipliers,
                                       const int8_t *shifts, int16_t *output)
{
    qmcu_depthwise_conv_2d_s16_by(params, input, weights, bias, multipliers, shifts, output, four);
}
