/* Depthwise convolution for MVE: four channels of four output pixels at a time. */
#include "depthwise_conv_2d_mve.h"

#include "mve.h"

typedef qmcu_depthwise_conv_2d_mve_params params_t;

/* One row of the input as words of four channels, [depth / 4][kernel_height][row_width]. */
static void fill_row(const params_t *p, const int8_t *image, int32_t y, uint32_t *rows)
{
    const uint32_t zero = (uint32_t)(p->input_zero_point & 255) * 0x01010101u;
    const int32_t outside = y < 0 || y >= p->input_height;
    const int32_t depth = p->depth;
    const int32_t width = p->input_width < p->row_width - p->padding_left
                              ? p->input_width
                              : p->row_width - p->padding_left;
    const int32_t after = p->row_width - p->padding_left - width;
    const int32_t step = p->kernel_height * p->row_width;
    const int8_t *from = image + (outside ? 0 : y) * p->input_width * depth;
    const uint32x4_t offsets = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)depth);

    for (int32_t channel = 0; channel < depth; channel += 4, rows += step) {
        uint32_t *to = rows;
        for (int32_t i = 0; i < p->padding_left; i++) {
            *to++ = zero;
        }
        const int8_t *pixel = from + channel;
        if (outside) {
            for (int32_t i = 0; i < width; i++) {
                to[i] = zero;
            }
        } else {
            for (int32_t i = 0; i < width; i += 4, pixel += 4 * depth) {
                const mve_pred16_t live = vctp32q((uint32_t)(width - i));
                vstrwq_p_u32(to + i,
                             vldrwq_gather_offset_z_u32((const uint32_t *)(const void *)pixel,
                                                        offsets, live),
                             live);
            }
        }
        to += width;
        for (int32_t i = 0; i < after; i++) {
            *to++ = zero;
        }
    }
}

static inline void store(const params_t *p, int32x4_t sums, int32x4_t multipliers,
                         int32x4_t shifts, int8_t *output)
{
    sums = vrshlq_s32(qmcu_mve_away(vqrdmulhq_s32(sums, multipliers)), shifts);
    vstrbq_s32(output, qmcu_mve_clamp(sums, p->output_zero_point, p->activation_minimum,
                                      p->activation_maximum));
}

static void convolve(const params_t *p, const int8_t *rows, const int8_t *weights,
                     const int32_t *channel, int8_t *output)
{
    const int32_t depth = p->depth;
    const int32_t width = p->kernel_width;
    const int32_t stride = 4 * p->stride_width;
    const int32_t skip = 4 * (p->row_width - width);
    const int32x4_t bias = vldrwq_s32(channel);
    const int32x4_t multipliers = vldrwq_s32(channel + 4);
    const int32x4_t shifts = vldrwq_s32(channel + 8);
    int32_t left = p->output_width;

    for (; left >= 4; left -= 4, rows += 4 * stride, output += 4 * depth) {
        const int8_t *w = weights;
        const int8_t *x0 = rows;
        const int8_t *x1 = x0 + stride;
        const int8_t *x2 = x1 + stride;
        const int8_t *x3 = x2 + stride;
        int32x4_t a = bias;
        int32x4_t b = bias;
        int32x4_t c = bias;
        int32x4_t d = bias;
        for (int32_t i = p->kernel_height; i > 0; i--) {
            for (int32_t j = width; j > 0; j--) {
                const int32x4_t weight = vldrbq_s32(w);
                a = vaddq_s32(a, vmulq_s32(vldrbq_s32(x0), weight));
                b = vaddq_s32(b, vmulq_s32(vldrbq_s32(x1), weight));
                c = vaddq_s32(c, vmulq_s32(vldrbq_s32(x2), weight));
                d = vaddq_s32(d, vmulq_s32(vldrbq_s32(x3), weight));
                w += 4;
                x0 += 4;
                x1 += 4;
                x2 += 4;
                x3 += 4;
            }
            x0 += skip;
            x1 += skip;
            x2 += skip;
            x3 += skip;
        }
        store(p, a, multipliers, shifts, output);
        store(p, b, multipliers, shifts, output + depth);
        store(p, c, multipliers, shifts, output + 2 * depth);
        store(p, d, multipliers, shifts, output + 3 * depth);
    }
    for (; left > 0; left--, rows += stride, output += depth) {
        const int8_t *w = weights;
        const int8_t *x = rows;
        int32x4_t sum = bias;
        for (int32_t i = p->kernel_height; i > 0; i--, x += skip) {
            for (int32_t j = width; j > 0; j--, x += 4, w += 4) {
                sum = vaddq_s32(sum, vmulq_s32(vldrbq_s32(x), vldrbq_s32(w)));
            }
        }
        store(p, sum, multipliers, shifts, output);
    }
}

void qmcu_depthwise_conv_2d_mve(const params_t *params, const int8_t *input, const int8_t *weights,
                                const int32_t *channels, void *scratch, int8_t *output)
{
    const params_t *p = params;
    const int32_t taps = p->kernel_height * p->kernel_width;
    const int32_t block = 4 * p->kernel_height * p->row_width;

    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t y = 0; y < p->output_height; y++) {
            for (int32_t i = 0; i < p->kernel_height; i++) {
                fill_row(p, input, y * p->stride_height - p->padding_top + i,
                         (uint32_t *)scratch + i * p->row_width);
            }
            for (int32_t group = 0; group < p->depth / 4; group++) {
                convolve(p, (const int8_t *)scratch + group * block, weights + group * taps * 4,
                         channels + group * 12, output + group * 4);
            }
            output += p->output_width * p->depth;
        }
        input += p->input_height * p->input_width * p->depth;
    }
}
