/* Convolution, four windows at a time times one filter after the other. Taps that are neighbours in
   memory make one run of bytes. */
#include "conv_2d_scalar.h"

#include "pack_scalar.h"
#include "pixels_scalar.h"
#include "uses_scalar.h"

typedef struct {
    const qmcu_conv_2d_scalar_params *params;
    const int8_t *weights;
    qmcu_output_channels channels;
    uint32_t *columns;
} layer;

/* The runs of a window's bytes: rows of them, and parts of rows. */
typedef struct {
    int32_t run;
    int32_t rows;
    int32_t row_step;
    int32_t parts;
    int32_t part_step;
} runs;

/* Packs the windows in pairs of taps; how many. */
static int32_t pack(const runs *of, const int8_t *const windows[4], int32_t from, uint32_t *words)
{
    const int32_t taps = of->parts * of->rows * of->run;
    for (int32_t part = of->parts; part > 0; --part) {
        for (int32_t row = of->rows; row > 0; --row) {
            words = qmcu_pack_scalar(windows, from, of->run, words);
            from += row > 1 ? of->row_step : of->part_step;
        }
    }
    if (taps % 2 != 0) {
        words[0] = words[1] = 0;
    }
    return (taps + 1) / 2;
}

static void four_pixels(const void *of, const int8_t *const windows[4], int8_t *const outputs[4])
{
    const layer *const l = of;
    const qmcu_conv_2d_scalar_params *const p = l->params;
    const qmcu_window *const w = &p->window;
    const qmcu_output_channels *const c = &l->channels;
    const int32_t depth = p->group_depth, filters = p->group_filters;
    const int32_t groups = QMCU_USES_GROUPS ? p->groups : 1;
    const int32_t down = QMCU_USES_DILATION ? w->dilation_height : 1;
    const int32_t along = QMCU_USES_DILATION ? w->dilation_width : 1;
    const int32_t packed = QMCU_USES_PACKED && (!QMCU_USES_DIRECT || p->packed);
    const int32_t joined = along == 1 && groups == 1;
    const int32_t below = down * p->rows.row_bytes;
    const int32_t beside = along * w->input_depth;
    /* Rows of one pixel lie behind each other as its columns do. */
    const int32_t one = joined && w->kernel_width == 1 && below == depth;
    const int32_t width = one ? w->kernel_height : w->kernel_width;
    const int32_t run = joined ? width * depth : depth;
    const runs of_window = {
        .run = run,
        .rows = one      ? 1
                : joined ? w->kernel_height
                         : w->kernel_width,
        .row_step = joined ? below : beside,
        .parts = joined ? 1 : w->kernel_height,
        .part_step = below - (w->kernel_width - 1) * beside,
    };
    for (int32_t group = 0; group < groups; ++group) {
        const int32_t first = group * filters, from = group * depth;
        const int32_t r = first * c->step, size = w->kernel_height * w->kernel_width * depth;
        /* Each of the two sets what it reads alone. */
        qmcu_pixels pixels;
        pixels.filter = l->weights + first * size;
        pixels.filter_step = size;
        pixels.channels =
            (qmcu_output_channels){c->bias + first, c->multipliers + r, c->shifts + r, c->step};
        pixels.limits = (qmcu_output_limits){p->output_zero_point, p->activation_minimum,
                                             p->activation_maximum};
        for (int32_t i = 0; i < 4; ++i) {
            pixels.outputs[i] = outputs[i] + first;
        }
        pixels.count = filters;
        if (packed) {
            pixels.channel_step = 0;
            pixels.columns = l->columns;
            pixels.pairs = pack(&of_window, windows, from, l->columns);
        } else {
            for (int32_t i = 0; i < 4; ++i) {
                pixels.windows[i] = windows[i] + from + run;
            }
            pixels.filter += run;
            pixels.row_step = of_window.row_step;
            pixels.filter_row_step = run;
            pixels.run = run;
            pixels.step = 1;
            pixels.taps = run;
            pixels.rows = of_window.rows;
            pixels.parts = of_window.parts;
            pixels.part_step = of_window.part_step;
            pixels.channel_step = 0;
            pixels.pairs = 0;
        }
        qmcu_pixels_scalar(&pixels);
    }
}

void qmcu_conv_2d_scalar(const qmcu_conv_2d_scalar_params *params, const int8_t *input,
                         const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                         const int8_t *shifts, void *scratch, int8_t *output)
{
    const qmcu_rows *const rows = &params->rows;
    const int32_t size = rows->count > 0 ? rows->count * rows->row_bytes : 0;
    int8_t *const columns = (int8_t *)scratch + ((size + 3) & ~3);
    const layer l = {params,
                     weights,
                     {bias, multipliers, shifts, params->requantization_step},
                     (uint32_t *)(void *)columns};
    const qmcu_row_walk walk = {
        &params->window,
        &params->rows,
        params->input_zero_point,
        params->window.output_depth,
        scratch,
        four_pixels,
        &l,
    };
    qmcu_walk_rows_scalar(&walk, input, output);
}
