/* Convolution for MVE without laying out windows: the rows under the window lie in scratch column by
   column, so that each window is one run of bytes. As the window moves down, a row's bytes stay
   where they are and the run starts one row later; the new row overwrites the one that left. */
#include "conv_2d_mve.h"

#include "mve.h"

/* How a row is spread over the columns: `pixels` at a time, byte i to offsets[i]. */
typedef struct {
    int32_t depth;
    int32_t pitch;  /* of columns */
    int32_t pixels; /* 1: one by one */
    uint8_t offsets[16];
} spread_t;

static void plan_spread(spread_t *s, int32_t depth, int32_t pitch)
{
    s->depth = depth;
    s->pitch = pitch;
    s->pixels = 1;
    /* Offsets of a scatter have one byte. */
    while ((s->pixels + 1) * depth <= 16 && s->pixels * pitch + depth <= 256) {
        s->pixels++;
    }
    for (int32_t i = 0; i < 16; i++) {
        s->offsets[i] = (uint8_t)(i / depth * pitch + i % depth);
    }
}

static void fill(const spread_t *s, int8_t *to, int32_t value, int32_t count)
{
    for (; count > 0; count--, to += s->pitch) {
        qmcu_mve_fill(to, value, s->depth);
    }
}

static void spread(const spread_t *s, int8_t *to, const int8_t *from, int32_t count)
{
    const int32_t depth = s->depth;
    const int32_t pitch = s->pitch;

    if (depth == pitch) {
        qmcu_mve_copy(to, from, count * depth);
    } else if (s->pixels > 1) {
        const uint8x16_t offsets = vldrbq_u8(s->offsets);
        const int32_t step = s->pixels * depth;
        for (int32_t left = count * depth; left > 0; left -= step) {
            const mve_pred16_t live = vctp8q((uint32_t)(left < step ? left : step));
            vstrbq_scatter_offset_p_s8(to, offsets, vldrbq_z_s8(from, live), live);
            from += step;
            to += s->pixels * pitch;
        }
    } else if (depth == 16) {
        for (; count > 0; count--, from += 16, to += pitch) {
            vstrbq_s8(to, vldrbq_s8(from));
        }
    } else {
        for (; count > 0; count--, from += depth, to += pitch) {
            qmcu_mve_copy(to, from, depth);
        }
    }
}

static void load_row(const qmcu_conv_2d_mve_params *p, const spread_t *s, const int8_t *image,
                     int32_t y, int8_t *to)
{
    const int32_t width =
        (p->window.output_width - 1) * p->window.stride_width + p->window.kernel_width;
    const int32_t room = width - p->window.padding_left;
    const int32_t inside = room < p->window.input_width ? room : p->window.input_width;

    if (y < 0 || y >= p->window.input_height) {
        fill(s, to, p->input_zero_point, width);
        return;
    }
    fill(s, to, p->input_zero_point, p->window.padding_left);
    to += p->window.padding_left * s->pitch;
    spread(s, to, image + y * p->window.input_width * p->window.input_depth, inside);
    fill(s, to + inside * s->pitch, p->input_zero_point, room - inside);
}

/* Windows on their way to the multiplication: where the width of the output is not a multiple of four,
   they are copied until there are four. */
typedef struct {
    const qmcu_conv_2d_mve_params *params;
    const int32_t *weights;
    int8_t *staged;
    int32_t pending;
    int8_t *output;
    qmcu_mve_tile tile;
} windows_t;

static void finish(windows_t *w, const int8_t *first, int32_t pitch, int32_t pixels)
{
    const qmcu_multiply_mve_params *const multiply = &w->params->multiply;

    qmcu_multiply_mve(&w->tile, multiply, w->weights, first, pitch, pixels, w->output);
    w->output += pixels * multiply->filters;
}

static void add_row(windows_t *w, const int8_t *window, int32_t pitch)
{
    const int32_t width = w->params->window.output_width;
    const int32_t bytes = 16 * w->params->multiply.steps;

    if ((width & 3) == 0) {
        for (int32_t left = width; left > 0; left -= 4, window += 4 * pitch) {
            finish(w, window, pitch, 4);
        }
        return;
    }
    for (int32_t left = width; left > 0; left--, window += pitch) {
        qmcu_mve_copy(w->staged + w->pending * bytes, window, bytes);
        if (++w->pending == 4) {
            finish(w, w->staged, bytes, 4);
            w->pending = 0;
        }
    }
}

void qmcu_conv_2d_mve_by(const qmcu_conv_2d_mve_params *params, const int8_t *input,
                         const int32_t *weights, void *scratch, int8_t *output,
                         const qmcu_mve_multiplier *by)
{
    const qmcu_conv_2d_mve_params *p = params;
    const int32_t depth = p->window.input_depth;
    const int32_t overlap = p->window.kernel_height > p->window.stride_height;
    const int32_t slide = overlap ? p->window.stride_height * depth : 0;
    int8_t *const rows =
        (int8_t *)scratch + (p->window.output_width & 3 ? 64 * p->multiply.steps : 0);
    windows_t w = {.params = p, .weights = weights, .staged = scratch, .output = output};
    spread_t s;

    plan_spread(&s, depth, p->window.kernel_height * depth);
    qmcu_mve_begin(&w.tile, &p->multiply, by);
    for (int32_t batch = 0; batch < p->window.batches; batch++) {
        int8_t *window = rows;
        int32_t loaded = -p->window.padding_top;
        for (int32_t i = 0; i < p->window.output_height; i++, window += slide) {
            const int32_t top = i * p->window.stride_height - p->window.padding_top;
            for (int32_t y = loaded > top ? loaded : top; y < top + p->window.kernel_height; y++) {
                load_row(p, &s, input, y, window + (y - top) * depth);
            }
            loaded = top + p->window.kernel_height;
            add_row(&w, window, p->window.stride_width * s.pitch);
        }
        input += p->window.input_height * p->window.input_width * depth;
    }
    if (w.pending > 0) {
        finish(&w, scratch, 16 * p->multiply.steps, w.pending);
    }
}

void qmcu_conv_2d_mve(const qmcu_conv_2d_mve_params *params, const int8_t *input,
                      const int32_t *weights, void *scratch, int8_t *output)
{
    qmcu_conv_2d_mve_by(params, input, weights, scratch, output, &qmcu_mve_int8);
}
