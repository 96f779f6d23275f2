#include "columns_dsp.h"

#include "copy_dsp.h"
#include "dsp.h"

/* `count` neighbouring taps in a row from x; the pixels outside the row are the zero point. Several
   only where all channels of a pixel are read. */
static void gather_run(const qmcu_conv_2d_dsp_params *p, const int8_t *row, int32_t x,
                       int32_t count, int8_t *bytes)
{
    const int32_t depth = p->depth, pixel = p->window.input_depth;
    const int32_t room = p->window.input_width - x;
    if (x >= 0 && room >= count) {
        qmcu_copy_bytes(bytes, row + x * pixel, count * depth);
        return;
    }
    const int32_t before = x < 0 ? (-x < count ? -x : count) : 0;
    const int32_t end = room < count ? (room > before ? room : before) : count;
    qmcu_fill_bytes(bytes, p->input_zero_point, before * depth);
    qmcu_copy_bytes(bytes + before * depth, row + (x + before) * pixel, (end - before) * depth);
    qmcu_fill_bytes(bytes + end * depth, p->input_zero_point, (count - end) * depth);
}

/* How many neighbouring taps of a row lie behind each other. */
static int32_t taps_together(const qmcu_conv_2d_dsp_params *p)
{
    const int32_t whole = p->window.dilation_width == 1 && p->depth == p->window.input_depth;
    return whole ? p->window.kernel_width : 1;
}

/* The window at (y, x) as bytes, row after row. */
static void gather_bytes(const qmcu_conv_2d_dsp_params *p, const int8_t *image, int32_t y,
                         int32_t x, int8_t *bytes)
{
    const int32_t run = p->window.kernel_width * p->depth;
    const int32_t together = taps_together(p);
    for (int32_t row = 0; row < p->window.kernel_height; ++row, y += p->window.dilation_height) {
        if (y < 0 || y >= p->window.input_height) {
            qmcu_fill_bytes(bytes, p->input_zero_point, run);
        } else {
            const int8_t *from = image + y * p->window.input_width * p->window.input_depth;
            for (int32_t tap = 0; tap < p->window.kernel_width; tap += together) {
                gather_run(p, from, x + tap * p->window.dilation_width, together,
                           bytes + tap * p->depth);
            }
        }
        bytes += run;
    }
}

/* `steps` words of bytes to every second pair of words. */
static uint32_t *expand(const int8_t *bytes, int32_t steps, uint32_t *column)
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

void qmcu_lay_out_column(const qmcu_conv_2d_dsp_params *p, const int8_t *image, int32_t y,
                         int32_t x, uint32_t *column, int8_t *bytes)
{
    const qmcu_window *const w = &p->window;
    const int32_t together = taps_together(p), run = together * p->depth;
    const int32_t inside = y >= 0 && x >= 0 &&
                           y + (w->kernel_height - 1) * w->dilation_height < w->input_height &&
                           x + (w->kernel_width - 1) * w->dilation_width < w->input_width;
    if (inside && run % 4 == 0) {
        const int32_t next = together * w->dilation_width * w->input_depth;
        const int8_t *above = image + (y * w->input_width + x) * w->input_depth;
        for (int32_t row = 0; row < w->kernel_height; ++row) {
            const int8_t *from = above;
            for (int32_t tap = 0; tap < w->kernel_width; tap += together) {
                column = expand(from, run / 4, column);
                from += next;
            }
            above += w->dilation_height * w->input_width * w->input_depth;
        }
    } else {
        gather_bytes(p, image, y, x, bytes);
        expand(bytes, p->steps, column);
    }
}
