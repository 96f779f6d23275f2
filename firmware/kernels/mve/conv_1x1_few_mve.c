/* 1x1 convolution of few filters for MVE: one filter after the other, four pixels at a time where they
   lie, whose sums are rounded together. */
#include "conv_1x1_few_mve.h"

#include "quad_mve.h"

/* What is the same for all pixels of a filter. */
typedef struct {
    const int8_t *weights;
    int32_t steps;
    int32_t bias;
    int32x4_t multiplier;
    int32x4_t shift;
    int32x4_t zero_point;
    int32x4_t minimum;
    int32x4_t maximum;
} filter_t;

/* The outputs of four pixels, `step` bytes behind each other. */
static inline int32x4_t four(const filter_t *f, const int8_t *pixels, int32_t step)
{
    const int8_t *const second = pixels + step, *const third = second + step;
    const int32x4_t products =
        qmcu_four_sums(f->weights, pixels, second, third, third + step, 16 * f->steps, f->bias);
    int32x4_t sums = qmcu_mve_requantize(products, f->multiplier, f->shift);
    sums = vaddq_s32(sums, f->zero_point);
    return vminq_s32(vmaxq_s32(sums, f->minimum), f->maximum);
}

/* The outputs of pixels `step` bytes behind each other; `wide` is that of outputs. By itself, so that
   what other filters need takes no registers. */
static __attribute__((noinline)) void filter(const filter_t *shared, int32_t pixels, int32_t step,
                                             int32_t wide, const int8_t *input, int8_t *output)
{
    const filter_t f = *shared;
    const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)wide);
    for (; pixels >= 4; pixels -= 4) {
        vstrbq_scatter_offset_s32(output, places, four(&f, input, step));
        input += 4 * step;
        output += 4 * wide;
    }
    for (; pixels > 0; --pixels) {
        *output = (int8_t)vgetq_lane_s32(four(&f, input, 0), 0);
        input += step;
        output += wide;
    }
}

void qmcu_conv_1x1_few_mve(const qmcu_conv_1x1_few_mve_params *params, const int8_t *input,
                           const int8_t *weights, const int32_t *channels, int8_t *output)
{
    const qmcu_mve_channel *channel = (const qmcu_mve_channel *)(const void *)channels;
    filter_t f = {
        .weights = weights,
        .steps = (params->depth + 15) / 16,
        .zero_point = vdupq_n_s32(params->output_zero_point),
        .minimum = vdupq_n_s32(params->activation_minimum),
        .maximum = vdupq_n_s32(params->activation_maximum),
    };
    for (int32_t i = 0; i < params->filters; ++i) {
        f.bias = channel[i].bias;
        f.multiplier = vdupq_n_s32(channel[i].multiplier);
        f.shift = vdupq_n_s32(channel[i].shift);
        filter(&f, params->pixels, params->depth, params->filters, input, output + i);
        f.weights += 16 * f.steps;
    }
}
