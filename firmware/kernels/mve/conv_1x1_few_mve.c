/* 1x1 convolution of few filters for MVE: one filter after the other, four pixels at a time where they
   lie, whose sums are rounded together. */
#include "conv_1x1_few_mve.h"

#include "mve.h"

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
    const int8_t *second = pixels + step, *third = second + step, *fourth = third + step;
    const int8_t *weights = f->weights;
    int32_t a = f->bias, b = a, c = a, d = a;
    __asm(
        "dls lr, %[steps]\n"
        "1: vldrb.u8 q0, [%[weights]], #16\n\t"
        "vldrb.u8 q1, [%[first]], #16\n\t"
        "vmladava.s8 %[a], q0, q1\n\t"
        "vldrb.u8 q1, [%[second]], #16\n\t"
        "vmladava.s8 %[b], q0, q1\n\t"
        "vldrb.u8 q1, [%[third]], #16\n\t"
        "vmladava.s8 %[c], q0, q1\n\t"
        "vldrb.u8 q1, [%[fourth]], #16\n\t"
        "vmladava.s8 %[d], q0, q1\n\t"
        "le lr, 1b"
        : [weights] "+r"(weights), [first] "+r"(pixels), [second] "+r"(second), [third] "+r"(third),
          [fourth] "+r"(fourth), [a] "+Te"(a), [b] "+Te"(b), [c] "+Te"(c), [d] "+Te"(d)
        : [steps] "r"(f->steps)
        : "lr", "q0", "q1", "memory");
    int32x4_t sums = qmcu_mve_requantize(qmcu_mve_four(a, b, c, d), f->multiplier, f->shift);
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
