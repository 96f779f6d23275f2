/* Depthwise convolution of int16 for the DSP extension, four channels at a time: of a tap 9 instructions
   for 4 products. The last four channels may be some of the four before; fewer than four go one by one. */
#include "depthwise_conv_2d_s16_quads_dsp.h"

#include "depthwise_conv_2d_s16_quads_code.h"
#include "dsp.h"

static inline int16_t output_of(const qmcu_depthwise_conv_2d_s16_quads_params *p, int32_t sum,
                                int32_t multiplier)
{
    const int32_t minimum = p->activation_minimum, maximum = p->activation_maximum;
    const int32_t value = qmcu_smmulr(sum, multiplier);
    return (int16_t)(value < minimum ? minimum : value > maximum ? maximum : value);
}

static inline void four(const qmcu_depthwise_conv_2d_s16_quads_params *p,
                        const qmcu_depthwise_taps_s16 *taps, const int32_t *bias,
                        const int32_t *multipliers, int32_t channel, int16_t *output)
{
    const int16_t *image = taps->image + channel;
    const int8_t *weights = taps->weights + channel;
    int32_t a = bias[channel], b = bias[channel + 1];
    int32_t c = bias[channel + 2], d = bias[channel + 3];
    for (int32_t rows = taps->rows; rows > 0; --rows) {
        for (int32_t columns = taps->columns; columns > 0; --columns) {
            const uint32_t low = qmcu_load_word(image), high = qmcu_load_word(image + 2);
            const uint32_t word = qmcu_load_word(weights);
            const uint32_t even = qmcu_sxtb16(word), odd = qmcu_sxtb16_odd(word);
            a += (int16_t)low * (int16_t)even;
            b += ((int32_t)low >> 16) * (int16_t)odd;
            c += (int16_t)high * ((int32_t)even >> 16);
            d += ((int32_t)high >> 16) * ((int32_t)odd >> 16);
            image += taps->image_step;
            weights += taps->weights_step;
        }
        image += taps->image_back;
        weights += taps->weights_back;
    }
    output[channel] = output_of(p, a, multipliers[channel]);
    output[channel + 1] = output_of(p, b, multipliers[channel + 1]);
    output[channel + 2] = output_of(p, c, multipliers[channel + 2]);
    output[channel + 3] = output_of(p, d, multipliers[channel + 3]);
}

static inline void one(const qmcu_depthwise_conv_2d_s16_quads_params *p,
                       const qmcu_depthwise_taps_s16 *taps, const int32_t *bias,
                       const int32_t *multipliers, int32_t channel, int16_t *output)
{
    const int16_t *image = taps->image + channel;
    const int8_t *weights = taps->weights + channel;
    int32_t sum = bias[channel];
    for (int32_t rows = taps->rows; rows > 0; --rows) {
        for (int32_t columns = taps->columns; columns > 0; --columns) {
            sum += *image * *weights;
            image += taps->image_step;
            weights += taps->weights_step;
        }
        image += taps->image_back;
        weights += taps->weights_back;
    }
    output[channel] = output_of(p, sum, multipliers[channel]);
}

static inline void pixel(const qmcu_depthwise_conv_2d_s16_quads_params *p,
                         const qmcu_depthwise_taps_s16 *taps, const int32_t *bias,
                         const int32_t *multipliers, int16_t *output)
{
    const int32_t depth = p->window.input_depth, last = depth - 4;
    for (int32_t channel = 0; last < 0 && channel < depth; ++channel) {
        one(p, taps, bias, multipliers, channel, output);
    }
    for (int32_t channel = 0; channel <= last;) {
        four(p, taps, bias, multipliers, channel, output);
        channel += channel < last && channel + 4 > last ? last - channel : 4;
    }
}

void qmcu_depthwise_conv_2d_s16_quads_dsp(const qmcu_depthwise_conv_2d_s16_quads_dsp_params *params,
                                          const int16_t *input, const int8_t *weights,
                                          const int32_t *bias, const int32_t *multipliers,
                                          int16_t *output)
{
    qmcu_depthwise_conv_2d_s16_quads_by(params, input, weights, bias, multipliers, output, pixel);
}
