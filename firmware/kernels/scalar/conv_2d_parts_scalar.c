/* Convolution as conv_2d_scalar, with a part of the four windows packed at a time, from where the image
   lies: what its products give is added to sums in memory, four of each filter. */
#include "conv_2d_parts_scalar.h"

#include "add_pixels_scalar.h"
#include "output_scalar.h"
#include "pack_scalar.h"

typedef struct {
    const qmcu_conv_2d_parts_scalar_params *params;
    const int8_t *weights;
    qmcu_output_channels channels;
    uint32_t *columns;
    uint32_t *sums;
    int8_t *border; /* the input zero point, of each channel */
} layer;

/* Adds the products of `count` packed values, from `at` on in the filters. */
static void add_part(const layer *l, int32_t at, int32_t count)
{
    const qmcu_window *const w = &l->params->window;
    uint32_t *const end = l->columns + 2 * count;
    if (count % 2 != 0) {
        end[0] = end[1] = 0;
    }
    qmcu_added_pixels added = {
        .columns = l->columns,
        .pairs = (count + 1) / 2,
        .filter = l->weights + at,
        .filter_step = w->kernel_height * w->kernel_width * w->input_depth,
        .sums = l->sums,
        .count = w->output_depth,
    };
    qmcu_add_pixels_scalar(&added);
}

/* Where the windows of the pixels that begin at `rows` and `columns` have a tap. */
static void find_tap(const layer *l, const int8_t *image, const int32_t rows[4],
                     const int32_t columns[4], int32_t tap, const int8_t *from[4])
{
    const qmcu_window *const w = &l->params->window;
    const int32_t below = tap / w->kernel_width * w->dilation_height;
    const int32_t beside = tap % w->kernel_width * w->dilation_width;
    for (int32_t i = 0; i < 4; ++i) {
        const int32_t y = rows[i] + below, x = columns[i] + beside;
        const int32_t inside = y >= 0 && y < w->input_height && x >= 0 && x < w->input_width;
        from[i] = inside ? image + (y * w->input_width + x) * w->input_depth : l->border;
    }
}

/* The sums of `count` pixels from `first` on, and again of the first one where they are no four. */
static void add_windows(const layer *l, const int8_t *image, int32_t first, int32_t count)
{
    const qmcu_conv_2d_parts_scalar_params *const p = l->params;
    const qmcu_window *const w = &p->window;
    const int32_t taps = w->kernel_height * w->kernel_width;
    const int8_t *from[4];
    int32_t rows[4], columns[4], taken = 0, at = 0;
    uint32_t *sum = l->sums;
    for (int32_t i = 0; i < 4; ++i) {
        const int32_t pixel = i < count ? first + i : first;
        rows[i] = pixel / w->output_width * w->stride_height - w->padding_top;
        columns[i] = pixel % w->output_width * w->stride_width - w->padding_left;
    }
    for (int32_t filter = 0; filter < w->output_depth; ++filter, sum += 4) {
        sum[0] = sum[1] = sum[2] = sum[3] = (uint32_t)l->channels.bias[filter];
    }
    for (int32_t tap = 0; tap < taps; ++tap) {
        find_tap(l, image, rows, columns, tap, from);
        for (int32_t channel = 0; channel < w->input_depth;) {
            const int32_t left = w->input_depth - channel, room = p->part - taken;
            const int32_t some = left < room ? left : room;
            qmcu_pack_scalar(from, channel, some, l->columns + 2 * taken);
            channel += some;
            taken += some;
            if (taken == p->part) {
                add_part(l, at, taken);
                at += taken;
                taken = 0;
            }
        }
    }
    if (taken > 0) {
        add_part(l, at, taken);
    }
}

static void store(const layer *l, int32_t count, int8_t *output)
{
    const qmcu_conv_2d_parts_scalar_params *const p = l->params;
    const qmcu_output_channels *const c = &l->channels;
    const qmcu_output_limits limits = {p->output_zero_point, p->activation_minimum,
                                       p->activation_maximum};
    const int32_t depth = p->window.output_depth;
    const uint32_t *sums = l->sums;
    for (int32_t filter = 0; filter < depth; ++filter, sums += 4) {
        const int32_t r = filter * c->step;
        int8_t *outputs[4];
        for (int32_t i = 0; i < 4; ++i) {
            outputs[i] = output + (i < count ? i * depth : 0) + filter;
        }
        qmcu_store_pixels_scalar(sums, c->multipliers[r], c->shifts[r], &limits, outputs);
    }
}

void qmcu_conv_2d_parts_scalar(const qmcu_conv_2d_parts_scalar_params *params, const int8_t *input,
                               const int8_t *weights, const int32_t *bias,
                               const int32_t *multipliers, const int8_t *shifts, void *scratch,
                               int8_t *output)
{
    const qmcu_window *const w = &params->window;
    const int32_t pixels = w->output_height * w->output_width, last = (pixels - 1) & ~3;
    uint32_t *const columns = scratch, *const sums = columns + 2 * params->part;
    int8_t *const border = (int8_t *)(sums + 4 * w->output_depth);
    const layer l = {params,  weights, {bias, multipliers, shifts, params->requantization_step},
                     columns, sums,    border};
    for (int32_t channel = 0; channel < w->input_depth; ++channel) {
        border[channel] = (int8_t)params->input_zero_point;
    }
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t done = 0; done < pixels; done += 4) {
            const int32_t first = params->backward ? last - done : done;
            const int32_t count = pixels - first < 4 ? pixels - first : 4;
            add_windows(&l, input, first, count);
            store(&l, count, output + first * w->output_depth);
        }
        input += w->input_height * w->input_width * w->input_depth;
        output += pixels * w->output_depth;
    }
}
