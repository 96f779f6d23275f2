/* Depthwise convolution, a channel of four windows at a time. */
#include "small.h"

#include "depthwise_scalar.h"

#include "pixels_scalar.h"
#include "uses_scalar.h"

typedef struct {
    const qmcu_depthwise_scalar_params *params;
    const int8_t *weights;
    qmcu_output_channels channels;
} layer;

/* Whether windows begin `step` behind each other. */
static int32_t are_adjacent(const int8_t *const windows[4], int32_t step)
{
    return windows[1] - windows[0] == step && windows[2] - windows[1] == step &&
           windows[3] - windows[2] == step;
}

/* The output channels of an input channel; of all at once where each has one, and window and filter
   have their taps at the same distance. */
static void four_pixels(const void *of, const int8_t *const windows[4], int8_t *const outputs[4])
{
    const layer *const l = of;
    const qmcu_depthwise_scalar_params *const p = l->params;
    const qmcu_window *const w = &p->window;
    const qmcu_output_channels *const c = &l->channels;
    const int32_t each = QMCU_USES_DEPTH_MULTIPLIER ? w->depth_multiplier : 1;
    const int32_t down = QMCU_USES_DEPTHWISE_DILATION ? w->dilation_height : 1;
    const int32_t along = QMCU_USES_DEPTHWISE_DILATION ? w->dilation_width : 1;
    const int32_t depth = w->input_depth * each;
    const int32_t together = each == 1 && along == 1;
    const int32_t below = down * p->rows.row_bytes;
    const int32_t beside = along * w->input_depth;
    /* Rows of one pixel lie behind each other as its columns do. */
    const int32_t one = together && w->kernel_width == 1 && below == depth;
    const int32_t width = one ? w->kernel_height : w->kernel_width;
    const int32_t run = together ? width * depth : 1;
    const int32_t count = each == 1 ? depth : each;
    const int32_t adjacent =
        QMCU_USES_ADJACENT && together && width == 3 && are_adjacent(windows, depth);
    int32_t from = run;
    for (int32_t first = 0; first < depth; first += count, ++from) {
        const int32_t r = first * c->step;
        qmcu_pixels pixels = {
            .windows = {windows[0] + from, windows[1] + from, windows[2] + from, windows[3] + from},
            .filter = l->weights + first + run,
            .row_step = together ? below : beside,
            .filter_row_step = together ? run : depth,
            .run = run,
            .step = together ? depth : 1,
            .taps = together ? width : 1,
            .rows = one        ? 1
                    : together ? w->kernel_height
                               : w->kernel_width,
            .parts = together ? 1 : w->kernel_height,
            .part_step = below - (w->kernel_width - 1) * beside,
            .channel_step = each == 1,
            .filter_step = 1,
            .channels = {c->bias + first, c->multipliers + r, c->shifts + r, c->step},
            .limits = {p->output_zero_point, p->activation_minimum, p->activation_maximum},
            .outputs = {outputs[0] + first, outputs[1] + first, outputs[2] + first,
                        outputs[3] + first},
            .count = count,
            .pairs = adjacent ? QMCU_ADJACENT : 0,
        };
        qmcu_pixels_scalar(&pixels);
    }
}

void qmcu_depthwise_scalar(const qmcu_depthwise_scalar_params *params, const int8_t *input,
                           const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                           const int8_t *shifts, void *scratch, int8_t *output)
{
    const layer l = {params, weights, {bias, multipliers, shifts, params->requantization_step}};
    const qmcu_row_walk walk = {
        &params->window,
        &params->rows,
        params->input_zero_point,
        params->window.input_depth * params->window.depth_multiplier,
        scratch,
        four_pixels,
        &l,
    };
    qmcu_walk_rows_scalar(&walk, input, output);
}
