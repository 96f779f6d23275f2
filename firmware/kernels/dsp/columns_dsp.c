#include "columns_dsp.h"

#include "dsp.h"

#define FEW 8 /* channels: as many bytes are taken one by one */

/* A column on its way: bytes that are no whole word wait for those behind them. */
typedef struct {
    const qmcu_conv_2d_dsp_params *p;
    uint32_t *column;
    int32_t held;  /* bytes of word, */
    uint32_t word; /* its last */
} laying;

/* `steps` words of bytes to every second pair of words. */
static inline uint32_t *expand(const int8_t *bytes, int32_t steps, uint32_t *column)
{
    for (; steps >= 4; steps -= 4) {
        qmcu_expand(bytes, column);
        qmcu_expand(bytes + 4, column + 4);
        qmcu_expand(bytes + 8, column + 8);
        qmcu_expand(bytes + 12, column + 12);
        bytes += 16;
        column += 16;
    }
    for (; steps > 0; --steps) {
        qmcu_expand(bytes, column);
        bytes += 4;
        column += 4;
    }
    return column;
}

static inline void append_byte(laying *l, int8_t byte)
{
    l->word = l->word >> 8 | (uint32_t)(uint8_t)byte << 24;
    if (++l->held == 4) {
        l->column[0] = qmcu_sxtb16(l->word);
        l->column[1] = qmcu_sxtb16_odd(l->word);
        l->column += 4;
        l->held = 0;
    }
}

/* So many bytes behind those that are there. */
static void append(laying *l, const int8_t *from, int32_t count)
{
    for (; l->held > 0 && count > 0; --count) {
        append_byte(l, *from++);
    }
    l->column = expand(from, count >> 2, l->column);
    from += count & ~3;
    for (count &= 3; count > 0; --count) {
        append_byte(l, *from++);
    }
}

/* A row's taps of few channels from x. */
static void append_few(laying *shared, const int8_t *row, int32_t x)
{
    const qmcu_conv_2d_dsp_params *const p = shared->p;
    const int8_t zero_point = (int8_t)p->input_zero_point;
    laying l = *shared;
    for (int32_t left = p->window.kernel_width; left > 0; --left, x += p->window.dilation_width) {
        const int32_t inside = x >= 0 && x < p->window.input_width;
        const int8_t *from = inside ? row + x * p->window.input_depth : &zero_point;
        for (int32_t i = p->depth; i > 0; --i, from += inside) {
            append_byte(&l, *from);
        }
    }
    *shared = l;
}

static void append_outside(laying *l, int32_t count)
{
    const uint32_t word = ((uint32_t)l->p->input_zero_point & 0xFFu) * 0x01010101u;
    for (; count > 0; count -= 4) {
        append(l, (const int8_t *)&word, count < 4 ? count : 4);
    }
}

/* `count` neighbouring taps in a row from x; the pixels outside the row are the zero point. Several
   only where all channels of a pixel are read. */
static void append_run(laying *l, const int8_t *row, int32_t x, int32_t count)
{
    const int32_t depth = l->p->depth, pixel = l->p->window.input_depth;
    const int32_t room = l->p->window.input_width - x;
    if (x >= 0 && room >= count) {
        append(l, row + x * pixel, count * depth);
        return;
    }
    const int32_t before = x < 0 ? (-x < count ? -x : count) : 0;
    const int32_t end = room < count ? (room > before ? room : before) : count;
    append_outside(l, before * depth);
    append(l, row + (x + before) * pixel, (end - before) * depth);
    append_outside(l, (count - end) * depth);
}

void qmcu_lay_out_column(const qmcu_conv_2d_dsp_params *p, const int8_t *image, int32_t y,
                         int32_t x, uint32_t *column)
{
    const qmcu_window *const w = &p->window;
    const int32_t whole = w->dilation_width == 1 && p->depth == w->input_depth;
    /* Neighbouring taps of a row that lie behind each other. */
    const int32_t together = whole ? w->kernel_width : 1;
    laying l = {.p = p, .column = column};
    for (int32_t row = 0; row < w->kernel_height; ++row, y += w->dilation_height) {
        if (y < 0 || y >= w->input_height) {
            append_outside(&l, w->kernel_width * p->depth);
        } else {
            const int8_t *const from = image + y * w->input_width * w->input_depth;
            if (together == 1 && p->depth < FEW) {
                append_few(&l, from, x);
                continue;
            }
            for (int32_t tap = 0; tap < w->kernel_width; tap += together) {
                append_run(&l, from, x + tap * w->dilation_width, together);
            }
        }
    }
    while (l.held > 0) {
        append_byte(&l, 0);
    }
}
