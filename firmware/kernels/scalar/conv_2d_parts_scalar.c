/* Convolution as conv_2d_scalar, with a part of the four windows packed at a time: what its products
   give is added to sums in memory, four of each filter. */
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
} layer;

/* Adds the products of `count` values, from `from` in the windows and `at` in the filters. */
static void add_part(const layer *l, const int8_t *const windows[4], int32_t from, int32_t at,
                     int32_t count)
{
    const qmcu_window *const w = &l->params->window;
    uint32_t *const end = qmcu_pack_scalar(windows, from, count, l->columns);
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

static void four_pixels(const void *of, const int8_t *const windows[4], int8_t *const outputs[4])
{
    const layer *const l = of;
    const qmcu_conv_2d_parts_scalar_params *const p = l->params;
    const qmcu_window *const w = &p->window;
    const qmcu_output_channels *const c = &l->channels;
    const qmcu_output_limits limits = {p->output_zero_point, p->activation_minimum,
                                       p->activation_maximum};
    const int32_t run = w->kernel_width * w->input_depth;
    const int32_t below = w->dilation_height * p->rows.row_bytes;
    int8_t *to[4] = {outputs[0], outputs[1], outputs[2], outputs[3]};
    uint32_t *sums = l->sums;
    for (int32_t filter = 0; filter < w->output_depth; ++filter, sums += 4) {
        sums[0] = sums[1] = sums[2] = sums[3] = (uint32_t)c->bias[filter];
    }
    for (int32_t row = 0; row < w->kernel_height; ++row) {
        for (int32_t at = 0; at < run; at += p->part) {
            const int32_t left = run - at;
            add_part(l, windows, row * below + at, row * run + at, left < p->part ? left : p->part);
        }
    }
    sums = l->sums;
    for (int32_t filter = 0; filter < w->output_depth; ++filter, sums += 4) {
        const int32_t r = filter * c->step;
        qmcu_store_pixels_scalar(sums, c->multipliers[r], c->shifts[r], &limits, to);
        for (int32_t i = 0; i < 4; ++i) {
            ++to[i];
        }
    }
}

void qmcu_conv_2d_parts_scalar(const qmcu_conv_2d_parts_scalar_params *params, const int8_t *input,
                               const int8_t *weights, const int32_t *bias,
                               const int32_t *multipliers, const int8_t *shifts, void *scratch,
                               int8_t *output)
{
    const qmcu_rows *const rows = &params->rows;
    const int32_t size = rows->count > 0 ? (rows->count * rows->row_bytes + 3) / 4 : 0;
    uint32_t *const columns = (uint32_t *)scratch + size;
    const layer l = {params,
                     weights,
                     {bias, multipliers, shifts, params->requantization_step},
                     columns,
                     columns + 2 * params->part};
    const qmcu_row_walk walk = {
        &params->window, rows, params->input_zero_point, params->window.output_depth, scratch,
        four_pixels,     &l,
    };
    qmcu_walk_rows_scalar(&walk, input, output);
}
