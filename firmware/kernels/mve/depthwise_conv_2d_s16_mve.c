/* depthwise_conv_2d_s16 for MVE: four channels at a time. */
#include "depthwise_conv_2d_s16_mve.h"

#include "depthwise_conv_2d_s16_code.h"

#include <arm_mve.h>

static inline void four(const qmcu_depthwise_conv_2d_s16_params *p, const int16_t *image,
                        const int8_t *filter, qmcu_taps rows, qmcu_taps columns, int32_t count,
                        int32_t sums[4])
{
    const qmcu_window *const w = &p->window;
    const int32_t depth = w->input_depth;
    const int32_t image_step = w->dilation_width * depth;
    filter += (rows.first * w->kernel_width + columns.first) * depth;
    const mve_pred16_t live = vctp32q((uint32_t)count);
    int32x4_t sum = vdupq_n_s32(0);
    for (int32_t row = rows.first; row < rows.end; ++row) {
        const int16_t *x = image;
        const int8_t *tap = filter;
        for (int32_t column = columns.first; column < columns.end; ++column) {
            sum = vaddq_s32(sum, vmulq_s32(vldrhq_z_s32(x, live), vldrbq_z_s32(tap, live)));
            x += image_step;
            tap += depth;
        }
        image += w->dilation_height * w->input_width * depth;
        filter += w->kernel_width * depth;
    }
    vstrwq_s32(sums, sum);
}

void qmcu_depthwise_conv_2d_s16_mve(const qmcu_depthwise_conv_2d_s16_mve_params *params,
                                    const int16_t *input, const int8_t *weights,
                                    const int64_t *bias, const int32_t *multipliers,
                                    const int8_t *shifts, int16_t *output)
{
    qmcu_depthwise_conv_2d_s16_by(params, input, weights, bias, multipliers, shifts, output, four);
}
