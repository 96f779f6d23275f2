/* Convolution for MVE without laying out windows: the rows under the window lie in scratch column by
   column, so that each window is one run of bytes. As the window moves down, a row's bytes stay
   where they are and the run starts one row later; the new row overwrites the one that left. */
#include "conv_2d_mve.h"

#include "mve.h"

/* How a row is spread over the columns: `pixels` at a time, byte i to offsets[i]. */
typedef struct {
    int32_t depth;
    int32_t pitch; /* of columns */
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
    const int32_t width = (p->output_width - 1) * p->stride_width + p->kernel_width;
    const int32_t room = width - p->padding_left;
    const int32_t inside = room < p->input_width ? room : p->input_width;

    if (y < 0 || y >= p->input_height) {
        fill(s, to, p->input_zero_point, width);
        return;
    }
    fill(s, to, p->input_zero_point, p->padding_left);
    to += p->padding_left * s->pitch;
    spread(s, to, image + y * p->input_width * p->input_depth, inside);
    fill(s, to + inside * s->pitch, p->input_zero_point, room - inside);
}

void qmcu_conv_2d_mve(const qmcu_conv_2d_mve_params *params, const int8_t *input,
                      const int32_t *weights, void *scratch, int8_t *output)
{
    const qmcu_conv_2d_mve_params *p = params;
    const int32_t depth = p->input_depth;
    const int32_t overlap = p->kernel_height > p->stride_height;
    const int32_t slide = overlap ? p->stride_height * depth : 0;
    qmcu_mve_tile tile;
    spread_t s;

    plan_spread(&s, depth, p->kernel_height * depth);
    qmcu_mve_begin(&tile, &p->multiply);
    for (int32_t batch = 0; batch < p->batches; batch++) {
        int8_t *window = scratch;
        int32_t loaded = -p->padding_top;
        for (int32_t i = 0; i < p->output_height; i++, window += slide) {
            const int32_t top = i * p->stride_height - p->padding_top;
            const int8_t *at = window;
            for (int32_t y = loaded > top ? loaded : top; y < top + p->kernel_height; y++) {
                load_row(p, &s, input, y, window + (y - top) * depth);
            }
            loaded = top + p->kernel_height;
            for (int32_t left = p->output_width; left > 0; left -= 4) {
                const int32_t pixels = left < 4 ? left : 4;
                const int32_t pitch = p->stride_width * s.pitch;
                qmcu_multiply_mve(&tile, &p->multiply, weights, at, pitch, pixels, output);
                at += 4 * pitch;
                output += pixels * p->output_depth;
            }
        }
        input += p->input_height * p->input_width * depth;
    }
}
