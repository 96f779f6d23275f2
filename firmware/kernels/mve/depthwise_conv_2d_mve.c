/* Depthwise convolution for MVE: channel by channel, 16 taps of a pixel in one instruction. */
#include "depthwise_conv_2d_mve.h"

#include "depthwise_row_code_mve.h"
#include "mve.h"

#define SUMS 64 /* at a time, more if a row is longer */

/* Up to 16 taps that lie within 256 bytes of the first of them. */
typedef struct {
    int32_t first; /* bytes from the window's first tap to this group's */
    int32_t count;
    uint8_t offsets[16]; /* from there; 0 where there is no tap */
} taps_t;

typedef struct {
    const qmcu_depthwise_conv_2d_mve_params *params;
    const qmcu_window *window;
    int32_t plane_height; /* of one channel of the input with its padding, as far as it is used */
    int32_t plane_width;
    int32_t groups; /* of taps */
    int32_t block;  /* rows of the output whose sums are kept at a time */
} layer_t;

static void set_words(int32_t *to, int32_t value, int32_t count)
{
    for (; count > 0; count -= 4, to += 4) {
        vstrwq_p_s32(to, vdupq_n_s32(value), vctp32q((uint32_t)count));
    }
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* One channel of the input inside its padding, which stays as it was filled at first. */
static void fill_plane(const layer_t *p, const int8_t *channel, int8_t *plane)
{
    const int32_t depth = p->window->input_depth;
    const int32_t plane_width = p->plane_width;
    const int32_t width = smaller(p->window->input_width, plane_width - p->window->padding_left);
    const int32_t height =
        smaller(p->window->input_height, p->plane_height - p->window->padding_top);
    const int32_t pitch = p->window->input_width * depth;
    const uint16x8_t offsets = vmulq_n_u16(vidupq_n_u16(0, 1), (uint16_t)depth);

    plane += p->window->padding_top * plane_width + p->window->padding_left;
    for (int32_t y = 0; y < height; y++, plane += plane_width, channel += pitch) {
        const int8_t *from = channel;
        int8_t *to = plane;
        int32_t left = width;
        for (; left >= 8; left -= 8, from += 8 * depth, to += 8) {
            vstrbq_s16(to, vldrbq_gather_offset_s16(from, offsets));
        }
        if (left > 0) {
            const mve_pred16_t live = vctp16q((uint32_t)left);
            vstrbq_p_s16(to, vldrbq_gather_offset_z_s16(from, offsets, live), live);
        }
    }
}

/* The sums over one group of taps, the first, for `rows` rows. */
static void multiply(const layer_t *p, const int8_t *plane, const taps_t *taps,
                     const int8_t *weights, int32_t bias, int32_t rows, int32_t *sums)
{
    const int32_t pitch = p->plane_width * p->window->stride_height;
    const int32_t stride = p->window->stride_width;
    const int32_t width = p->window->output_width;
    const uint8x16_t offsets = vldrbq_u8(taps->offsets);
    const int8x16_t filter = vldrbq_z_s8(weights, vctp8q((uint32_t)taps->count));

    for (; rows > 0; rows--, plane += pitch) {
        const int8_t *at = plane;
        for (int32_t x = width; x > 0; x--, at += stride) {
            *sums++ = vmladavaq_s8(bias, vldrbq_gather_offset_s8(at, offsets), filter);
        }
    }
}

/* Adds two groups. */
static void multiply_two(const layer_t *p, const int8_t *plane, const taps_t *taps,
                         const int8_t *weights, int32_t rows, int32_t *sums)
{
    const int32_t pitch = p->plane_width * p->window->stride_height;
    const int32_t stride = p->window->stride_width;
    const int32_t width = p->window->output_width;
    const int32_t second = taps[1].first - taps[0].first;
    const uint8x16_t offsets0 = vldrbq_u8(taps[0].offsets);
    const uint8x16_t offsets1 = vldrbq_u8(taps[1].offsets);
    const int8x16_t filter0 = vldrbq_z_s8(weights, vctp8q((uint32_t)taps[0].count));
    const int8x16_t filter1 = vldrbq_z_s8(weights + taps[0].count, vctp8q((uint32_t)taps[1].count));

    for (plane += taps->first; rows > 0; rows--, plane += pitch) {
        const int8_t *at = plane, *then = plane + second;
        for (int32_t x = width; x > 0; x--, at += stride, then += stride, sums++) {
            const int32_t sum = vmladavaq_s8(*sums, vldrbq_gather_offset_s8(at, offsets0), filter0);
            *sums = vmladavaq_s8(sum, vldrbq_gather_offset_s8(then, offsets1), filter1);
        }
    }
}

static void finish(const layer_t *p, const int32_t *sums, int32_t count,
                   const qmcu_mve_channel *channel, int32_t depth, int8_t *output)
{
    const uint32x4_t offsets = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)depth);
    const int32_t zero_point = p->params->output_zero_point;
    const int32_t minimum = p->params->activation_minimum;
    const int32_t maximum = p->params->activation_maximum;
    const int32_t multiplier = channel->multiplier;
    const int32_t shift = channel->shift;

    for (; count > 0; count -= 4, sums += 4, output += 4 * depth) {
        const mve_pred16_t live = vctp32q((uint32_t)count);
        int32x4_t values = vldrwq_z_s32(sums, live);
        if (shift < 0) {
            values = qmcu_mve_away(vqrdmulhq_n_s32(values, multiplier));
            values = vrshlq_n_s32(values, shift);
        } else {
            values = vqrdmulhq_n_s32(vshlq_r_s32(values, shift), multiplier);
        }
        values = qmcu_mve_clamp(values, zero_point, minimum, maximum);
        vstrbq_scatter_offset_p_s32(output, offsets, values, live);
    }
}

/* A channel whose taps are one group, with a shift to the right. */
static void convolve_rows(const layer_t *p, const int8_t *plane, const taps_t *taps,
                          const int8_t *weights, const qmcu_mve_channel *channel, int8_t *output)
{
    const int32_t depth = p->window->input_depth * p->window->depth_multiplier;
    qmcu_depthwise_row row = {.window = plane,
                              .output = output,
                              .count = p->window->output_width,
                              .stride = p->window->stride_width,
                              .bias = channel->bias,
                              .multiplier = channel->multiplier,
                              .shift = channel->shift,
                              .zero_point = p->params->output_zero_point,
                              .minimum = p->params->activation_minimum,
                              .maximum = p->params->activation_maximum,
                              .depth = depth};

    vstrbq_u8(row.taps, vldrbq_u8(taps->offsets));
    vstrbq_s8(row.weights, vldrbq_z_s8(weights, vctp8q((uint32_t)taps->count)));
    for (int32_t y = p->window->output_height; y > 0; y--) {
        qmcu_row_of_windows(&row);
        row.window += p->window->stride_height * p->plane_width;
        row.output += p->window->output_width * depth;
    }
}

static void convolve(const layer_t *p, const int8_t *plane, const taps_t *taps,
                     const int8_t *weights, const qmcu_mve_channel *channel, int32_t *sums,
                     int8_t *output)
{
    const int32_t depth = p->window->input_depth * p->window->depth_multiplier;

    if (p->groups == 1 && channel->shift < 0) {
        convolve_rows(p, plane, taps, weights, channel, output);
        return;
    }
    for (int32_t y = 0; y < p->window->output_height; y += p->block) {
        const int32_t rows = smaller(p->block, p->window->output_height - y);
        const int8_t *const from = plane + y * p->window->stride_height * p->plane_width;
        const int8_t *filter = weights;
        int32_t group = p->groups & 1;
        if (group) {
            multiply(p, from, taps, filter, channel->bias, rows, sums);
            filter += taps->count;
        } else {
            set_words(sums, channel->bias, rows * p->window->output_width);
        }
        for (; group < p->groups; group += 2) {
            multiply_two(p, from, taps + group, filter, rows, sums);
            filter += taps[group].count + taps[group + 1].count;
        }
        finish(p, sums, rows * p->window->output_width, channel, depth,
               output + y * p->window->output_width * depth);
    }
}

/* The groups of taps: each as many as lie within 256 bytes of its first, up to 16. */
static int32_t list_taps(const layer_t *p, taps_t *taps)
{
    const qmcu_window *const w = p->window;
    taps_t *last = taps;

    last->first = 0;
    last->count = 0;
    vstrbq_u8(last->offsets, vdupq_n_u8(0));
    for (int32_t i = 0; i < w->kernel_height; i++) {
        for (int32_t j = 0; j < w->kernel_width; j++) {
            const int32_t at = i * w->dilation_height * p->plane_width + j * w->dilation_width;
            if (last->count == 16 || at - last->first > 255) {
                last++;
                last->first = at;
                last->count = 0;
                vstrbq_u8(last->offsets, vdupq_n_u8(0));
            }
            last->offsets[last->count++] = (uint8_t)(at - last->first);
        }
    }
    return last - taps + 1;
}

void qmcu_depthwise_conv_2d_mve(const qmcu_depthwise_conv_2d_mve_params *params,
                                const int8_t *input, const int8_t *weights, const int32_t *channels,
                                void *scratch, int8_t *output)
{
    const qmcu_window *const w = &params->window;
    const qmcu_mve_channel *const channel = (const qmcu_mve_channel *)(const void *)channels;
    const int32_t depth = w->input_depth * w->depth_multiplier;
    const int32_t count = w->kernel_height * w->kernel_width;
    taps_t *const taps = scratch;
    layer_t layer = {.params = params, .window = w};

    layer.plane_height =
        (w->output_height - 1) * w->stride_height + (w->kernel_height - 1) * w->dilation_height + 1;
    layer.plane_width =
        (w->output_width - 1) * w->stride_width + (w->kernel_width - 1) * w->dilation_width + 1;
    layer.groups = list_taps(&layer, taps);
    layer.block = w->output_width > SUMS ? 1 : SUMS / w->output_width;
    int32_t *const sums = (int32_t *)(void *)(taps + layer.groups);
    int8_t *const plane = (int8_t *)(sums + (params->sums ? layer.block * w->output_width : 0));

    qmcu_mve_fill(plane, params->input_zero_point, layer.plane_height * layer.plane_width);
    for (int32_t batch = 0; batch < w->batches; batch++) {
        int32_t output_channel = 0;
        for (int32_t i = 0; i < w->input_depth; i++) {
            fill_plane(&layer, input + i, plane);
            for (int32_t j = 0; j < w->depth_multiplier; j++, output_channel++) {
                convolve(&layer, plane, taps, weights + output_channel * count,
                         channel + output_channel, sums, output + output_channel);
            }
        }
        input += w->input_height * w->input_width * w->input_depth;
        output += w->output_height * w->output_width * depth;
    }
}
