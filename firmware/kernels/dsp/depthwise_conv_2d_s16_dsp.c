/* depthwise_conv_2d_s16 for the DSP extension: four channels at a time, whose products of halfwords
   need no unpacking of the inputs. */
#include "depthwise_conv_2d_s16_dsp.h"

#include "depthwise_conv_2d_s16_code.h"
#include "dsp.h"

static inline void four(const qmcu_depthwise_conv_2d_s16_params *p, const int16_t *image,
                        const int8_t *filter, qmcu_taps rows, qmcu_taps columns, int32_t count,
                        int32_t sums[4])
{
    if (count < 4) {
        for (int32_t i = 0; i < count; ++i) {
            sums[i] = (int32_t)qmcu_depthwise_s16_sum(p, 0, image + i, filter + i, rows, columns);
        }
        return;
    }
    const qmcu_window *const w = &p->window;
    const int32_t depth = w->input_depth;
    const int32_t image_step = w->dilation_width * depth;
    filter += (rows.first * w->kernel_width + columns.first) * depth;
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (int32_t row = rows.first; row < rows.end; ++row) {
        const int16_t *x = image;
        const int8_t *tap = filter;
        for (int32_t column = columns.first; column < columns.end; ++column) {
            const uint32_t low = qmcu_load_word(x), high = qmcu_load_word(x + 2);
            const uint32_t word = qmcu_load_word(tap);
            const uint32_t even = qmcu_sxtb16(word), odd = qmcu_sxtb16_odd(word);
            a += (int16_t)low * (int16_t)even;
            b += (int16_t)(low >> 16) * (int16_t)odd;
            c += (int16_t)high * (int16_t)(even >> 16);
            d += (int16_t)(high >> 16) * (int16_t)(odd >> 16);
            x += image_step;
            tap += depth;
        }
        image += w->dilation_height * w->input_width * depth;
        filter += w->kernel_width * depth;
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

void qmcu_depthwise_conv_2d_s16_dsp(const qmcu_depthwise_conv_2d_s16_dsp_params *params,
                                    const int16_t *input, const int8_t *weights,
                                    const int64_t *bias, const int32_t *multipliers,
                                    const int8_t *shifts, int16_t *output)
{
    qmcu_depthwise_conv_2d_s16_by(params, input, weights, bias, multipliers, shifts, output, four);
}
