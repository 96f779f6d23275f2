/* Depthwise convolution of int16 for MVE: of eight channels the products of even and odd lanes, then
   four and what is left. */
#include "depthwise_conv_2d_s16_quads_mve.h"

#include "depthwise_conv_2d_s16_quads_code.h"
#include "mve.h"

static inline int32x4_t output_of(const qmcu_depthwise_conv_2d_s16_quads_params *p, int32x4_t sums,
                                  int32x4_t multipliers)
{
    const int32x4_t values = vrmulhq_s32(sums, multipliers);
    return vminq_s32(vmaxq_s32(values, vdupq_n_s32(p->activation_minimum)),
                     vdupq_n_s32(p->activation_maximum));
}

static inline void eight(const qmcu_depthwise_conv_2d_s16_quads_params *p,
                         const qmcu_depthwise_taps_s16 *taps, const int32_t *bias,
                         const int32_t *multipliers, int32_t channel, int16_t *output)
{
    const int16_t *image = taps->image + channel;
    const int8_t *weights = taps->weights + channel;
    const int32x4x2_t biases = vld2q_s32(bias + channel);
    int32x4_t even = biases.val[0], odd = biases.val[1];
    for (int32_t rows = taps->rows; rows > 0; --rows) {
        for (int32_t columns = taps->columns; columns > 0; --columns) {
            const int16x8_t values = vldrhq_s16(image), factors = vldrbq_s16(weights);
            even = vaddq_s32(even, vmullbq_int_s16(values, factors));
            odd = vaddq_s32(odd, vmulltq_int_s16(values, factors));
            image += taps->image_step;
            weights += taps->weights_step;
        }
        image += taps->image_back;
        weights += taps->weights_back;
    }
    const int32x4x2_t scales = vld2q_s32(multipliers + channel);
    int16x8_t result = vreinterpretq_s16_s32(output_of(p, even, scales.val[0]));
    result = vmovntq_s32(result, output_of(p, odd, scales.val[1]));
    vstrhq_s16(output + channel, result);
}

static inline void four(const qmcu_depthwise_conv_2d_s16_quads_params *p,
                        const qmcu_depthwise_taps_s16 *taps, const int32_t *bias,
                        const int32_t *multipliers, int32_t channel, int16_t *output)
{
    const mve_pred16_t lanes = vctp32q((uint32_t)(p->window.input_depth - channel));
    const int16_t *image = taps->image + channel;
    const int8_t *weights = taps->weights + channel;
    int32x4_t sums = vldrwq_z_s32(bias + channel, lanes);
    for (int32_t rows = taps->rows; rows > 0; --rows) {
        for (int32_t columns = taps->columns; columns > 0; --columns) {
            const int32x4_t values = vldrhq_z_s32(image, lanes);
            sums = vaddq_s32(sums, vmulq_s32(values, vldrbq_z_s32(weights, lanes)));
            image += taps->image_step;
            weights += taps->weights_step;
        }
        image += taps->image_back;
        weights += taps->weights_back;
    }
    sums = output_of(p, sums, vldrwq_z_s32(multipliers + channel, lanes));
    vstrhq_p_s32(output + channel, sums, lanes);
}

static inline void pixel(const qmcu_depthwise_conv_2d_s16_quads_params *p,
                         const qmcu_depthwise_taps_s16 *taps, const int32_t *bias,
                         const int32_t *multipliers, int16_t *output)
{
    int32_t channel = 0;
    for (; channel + 8 <= p->window.input_depth; channel += 8) {
        eight(p, taps, bias, multipliers, channel, output);
    }
    for (; channel < p->window.input_depth; channel += 4) {
        four(p, taps, bias, multipliers, channel, output);
    }
}

void qmcu_depthwise_conv_2d_s16_quads_mve(const qmcu_depthwise_conv_2d_s16_quads_mve_params *params,
                                          const int16_t *input, const int8_t *weights,
                                          const int32_t *bias, const int32_t *multipliers,
                                          int16_t *output)
{
    qmcu_depthwise_conv_2d_s16_quads_by(params, input, weights, bias, multipliers, output, pixel);
}
