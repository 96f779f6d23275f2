/* Depthwise convolution for MVE: channel by channel, all taps of a pixel in one instruction. */
#include "depthwise_conv_2d_mve.h"

#include "mve.h"

typedef qmcu_depthwise_conv_2d_mve_params params_t;

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* One channel of the input inside its padding, which stays as it was filled at first. */
static void fill_plane(const params_t *p, const int8_t *channel, int8_t *plane)
{
    const int32_t depth = p->window.input_depth;
    const int32_t plane_width = p->plane_width;
    const int32_t width = smaller(p->window.input_width, plane_width - p->window.padding_left);
    const int32_t height = smaller(p->window.input_height, p->plane_height - p->window.padding_top);
    const int32_t pitch = p->window.input_width * depth;
    const uint16x8_t offsets = vmulq_n_u16(vidupq_n_u16(0, 1), (uint16_t)depth);

    plane += p->window.padding_top * plane_width + p->window.padding_left;
    for (int32_t y = 0; y < height; y++, plane += plane_width, channel += pitch) {
        const int8_t *from = channel;
        int8_t *to = plane;
        for (int32_t left = width; left > 0; left -= 8, from += 8 * depth, to += 8) {
            const mve_pred16_t live = vctp16q((uint32_t)left);
            vstrbq_p_s16(to, vldrbq_gather_offset_z_s16(from, offsets, live), live);
        }
    }
}

static void multiply(const params_t *p, const int8_t *plane, uint8x16_t taps, int8x16_t weights,
                     int32_t bias, int32_t rows, int32_t *sums)
{
    const int32_t pitch = p->plane_width * p->window.stride_height;
    const int32_t stride = p->window.stride_width;
    const int32_t width = p->window.output_width;

    for (; rows > 0; rows--, plane += pitch) {
        const int8_t *at = plane;
        for (int32_t x = width; x > 0; x--, at += stride) {
            *sums++ = vmladavaq_s8(bias, vldrbq_gather_offset_s8(at, taps), weights);
        }
    }
}

static void finish(const params_t *p, const int32_t *sums, int32_t count,
                   const qmcu_mve_channel *channel, int32_t depth, int8_t *output)
{
    const uint32x4_t offsets = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)depth);
    const int32_t zero_point = p->output_zero_point;
    const int32_t minimum = p->activation_minimum;
    const int32_t maximum = p->activation_maximum;
    const int32_t multiplier = channel->multiplier;
    const int32_t shift = channel->shift;

    for (; count > 0; count -= 4, sums += 4, output += 4 * depth) {
        const mve_pred16_t live = vctp32q((uint32_t)count);
        int32x4_t values = vqrdmulhq_n_s32(vldrwq_z_s32(sums, live), multiplier);
        values = vrshlq_n_s32(qmcu_mve_away(values), shift);
        values = qmcu_mve_clamp(values, zero_point, minimum, maximum);
        vstrbq_scatter_offset_p_s32(output, offsets, values, live);
    }
}

static void convolve(const params_t *p, const int8_t *plane, uint8x16_t taps, int8x16_t weights,
                     const qmcu_mve_channel *channel, int32_t *sums, int8_t *output)
{
    const int32_t depth = p->window.input_depth * p->window.depth_multiplier;

    for (int32_t y = 0; y < p->window.output_height; y += p->block) {
        const int32_t rows = smaller(p->block, p->window.output_height - y);
        multiply(p, plane + y * p->window.stride_height * p->plane_width, taps, weights,
                 channel->bias, rows, sums);
        finish(p, sums, rows * p->window.output_width, channel, depth,
               output + y * p->window.output_width * depth);
    }
}

void qmcu_depthwise_conv_2d_mve(const params_t *params, const int8_t *input, const int8_t *weights,
                                const int32_t *channels, void *scratch, int8_t *output)
{
    const params_t *p = params;
    const int32_t depth = p->window.input_depth * p->window.depth_multiplier;
    const int32_t count = p->window.kernel_height * p->window.kernel_width;
    const mve_pred16_t live = vctp8q((uint32_t)count);
    int32_t *sums = scratch;
    int8_t *plane = (int8_t *)(sums + p->block * p->window.output_width);
    uint8_t offsets[16] = {0};

    for (int32_t i = 0; i < count; i++) {
        offsets[i] =
            (uint8_t)(i / p->window.kernel_width * p->window.dilation_height * p->plane_width +
                      i % p->window.kernel_width * p->window.dilation_width);
    }
    const uint8x16_t taps = vldrbq_u8(offsets);
    qmcu_mve_fill(plane, p->input_zero_point, p->plane_height * p->plane_width);
    for (int32_t batch = 0; batch < p->window.batches; batch++) {
        int32_t output_channel = 0;
        for (int32_t i = 0; i < p->window.input_depth; i++) {
            fill_plane(p, input + i, plane);
            for (int32_t j = 0; j < p->window.depth_multiplier; j++, output_channel++) {
                convolve(p, plane, taps, vldrbq_z_s8(weights + output_channel * count, live),
                         (const qmcu_mve_channel *)(const void *)channels + output_channel, sums,
                         output + output_channel);
            }
        }
        input += p->window.input_height * p->window.input_width * p->window.input_depth;
        output += p->window.output_height * p->window.output_width * depth;
    }
}
